import time
from pathlib import Path
from tests.e2e.house import inhabited

async def test_try(tmp_path: Path) -> None:
    t=time.perf_counter()
    async with inhabited(tmp_path) as house:
        print("up", time.perf_counter()-t)
        c = await house.citizen()
        for what in ("/start","tap:📅","tap:Passport", "tap:⏱", "say:Aïssatou Bah", "tap:✅ Confirm"):
            t=time.perf_counter()
            s = await (c.taps_on(what[4:]) if what.startswith("tap") else c.says(what.removeprefix("say:")))
            print(what, time.perf_counter()-t); print(s.text); print(s.labels)
        for m in await c.messages(): print(m)
        t=time.perf_counter()
    print("down", time.perf_counter()-t)
    raise SystemExit
