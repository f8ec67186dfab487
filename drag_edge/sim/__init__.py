"""A small closed world: road, actors, camera pictures, plant, scenarios and their scoring."""
