"""Settings that change while the service drives: by systemctl, and as a person's first hour."""

from __future__ import annotations

from tests.box.box import SETTINGS, Box
from tests.box.evidence import Evidence, need, undisturbed


def takes_good_settings(box: Box) -> Evidence:
    """A changed value and `systemctl reload`."""
    pid, mark, position = box.pid(), box.mark(), box.wire.now()
    box.must(f"sed -i 's/confidence: 0.25/confidence: 0.3/' {SETTINGS}")
    box.must("systemctl reload drag-edge", 600)
    yield f"systemctl reload: 0; {box.until_event(mark, 'settings_changed')}"
    need(box.pid() == pid, "it is another process now")
    yield f"process {pid} throughout; bus meanwhile: {undisturbed(box, position)}"


def refuses_bad_settings(box: Box) -> Evidence:
    """A word where a number belongs."""
    pid, mark, position = box.pid(), box.mark(), box.wire.now()
    box.must(f"cp -p {SETTINGS} /var/tmp/good.yaml")
    box.must(f"sed -i 's/confidence: 0.3/confidence: high/' {SETTINGS}")
    code = box.run("systemctl reload drag-edge", 600).code
    refused = box.until_event(mark, "settings_refused")
    box.must(f"cat /var/tmp/good.yaml >{SETTINGS}")
    yield f"systemctl reload: {code}; {refused}"
    need(code != 0, "systemctl reload says that it was taken")
    need("drag-edge.yaml:" in refused and "confidence" in refused, "line or key are not named")
    need(box.pid() == pid, "it is another process now")
    yield f"process {pid} throughout; bus meanwhile: {undisturbed(box, position)}"


def serves_a_person(box: Box) -> Evidence:
    """The first hour by docs/service.md: look, edit, break, ask what is wrong, mend."""
    pid, position = box.pid(), box.wire.now()
    box.must(f"sed -i 's/watch: off/watch: on/' {SETTINGS}")
    box.must("systemctl reload drag-edge", 600)
    said = box.must("drag-edge status")
    yield "drag-edge status:\n" + said.rstrip()
    need("ready      yes" in said, "it says that it is not ready")

    mark = box.mark()
    box.must(f"sed -i 's/confidence: .*/confidence: 0.35/' {SETTINGS}")
    yield f"saved: {box.until_event(mark, 'settings_changed')}"

    mark = box.mark()
    box.must(f"sed -i 's/    confidence: 0.35/   confidence: 0.35/' {SETTINGS}")
    yield f"broken: {box.until_event(mark, 'settings_refused')}"
    checked = box.run(f"drag-edge check {SETTINGS}", 600)
    yield f"drag-edge check: exit code {checked.code}\n{checked.text.strip()}"
    need(checked.code == 78 and "drag-edge.yaml:" in checked.text, "it does not say where")

    mark = box.mark()
    box.must(f"sed -i 's/   confidence: 0.35/    confidence: 0.4/' {SETTINGS}")
    yield f"mended: {box.until_event(mark, 'settings_changed')}"
    checked = box.run(f"drag-edge check {SETTINGS}", 600)
    yield f"drag-edge check: {checked.code} {checked.text.strip()}"
    need(checked.code == 0, "it still finds something wrong")
    need(box.pid() == pid, "it is another process now")
    yield f"process {pid} throughout; bus meanwhile: {undisturbed(box, position)}"
