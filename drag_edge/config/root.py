"""The whole configuration: one field per section of the YAML."""

from __future__ import annotations

from pydantic import Field

from drag_edge.config.adas import AdasSettings
from drag_edge.config.base import Section
from drag_edge.config.body import BodySettings
from drag_edge.config.cameras import CameraSettings
from drag_edge.config.display import DisplaySettings
from drag_edge.config.models import ModelSettings
from drag_edge.config.perception import PerceptionSettings
from drag_edge.config.run import RunSettings
from drag_edge.config.service import ServiceSettings
from drag_edge.config.vehicle import VehicleSettings


class Settings(Section):
    """Everything that a person tunes. Load it with drag_edge.config.load.load."""

    cameras: dict[str, CameraSettings] = Field(
        ..., description="Cameras and streams, by a name of your choice", min_length=1
    )
    models: dict[str, ModelSettings] = Field(
        {}, description="Networks, by a name of your choice; they run in this order"
    )
    perception: PerceptionSettings = Field(
        PerceptionSettings(), description="How pixels become metres"
    )
    body: BodySettings = Field(BodySettings(), description="The own vehicle's size and steering")
    adas: AdasSettings = Field(AdasSettings(), description="Driver assistance")
    vehicle: VehicleSettings = Field(VehicleSettings(), description="The vehicle's bus")
    display: DisplaySettings = Field(DisplaySettings(), description="The picture for a person")
    run: RunSettings = Field(RunSettings(), description="How the loop runs")
    service: ServiceSettings = Field(ServiceSettings(), description="Running unattended")
