from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from app import policies, publishing
from app.policies import PolicyDraft
from okr.org import Role
from okr.errors import Refusal
from okr.policy import *
from tests.app.builders import *
from tests.app.test_publishing import save, put, states, in_force, LIMIT, CUSTOM
from rules import layers

async def test_p1(stage):
    await person(stage, "second", stage.company, (Role.HR_ADMIN, stage.company))
    b = PolicyDraft(key="kpi-breach", template="kpi_breach")
    await put(stage, await save(stage, replace(b, layer=stage.team, mode=PolicyMode.AUTO)), "second")
    await put(stage, await save(stage, replace(b, layer=stage.company, mode=PolicyMode.OBSERVE, lock=("mode",))), "hr_admin")
    await put(stage, await save(stage, replace(b, params={"periods": Decimal(1)}, mode=PolicyMode.OBSERVE)), "hr_admin")
    await publishing.retire(await begin(stage, "hr_admin"), "kpi-breach", stage.company)
    (s,) = [x for x in layers.stacks(await (await begin(stage)).store.policies()) if x.base.key == "kpi-breach"]
    call = await begin(stage)
    print("P1", s.at(call.picture.paths[stage.team], call.at.date()))
    assert 0

async def test_p2(stage):
    for n in range(6):
        k = f"race{n}"
        await put(stage, await save(stage, PolicyDraft(key=k, template="goal_limit")))
        l = await save(stage, PolicyDraft(key=k, template="goal_limit", layer=stage.team, hold=3))
        a, b = await begin(stage), await begin(stage)
        done, ref = await together(publishing.publish(a, k, 1, stage.team), publishing.retire(b, k))
        print("P2", len(done), ref, await states(stage, k), await states(stage, k, stage.team))
    assert 0

async def test_p3(stage):
    for n in range(4):
        k = f"race{n}"
        await put(stage, await save(stage, PolicyDraft(key=k, template="goal_limit", mode=PolicyMode.OBSERVE)))
        l = await save(stage, PolicyDraft(key=k, template="goal_limit", layer=stage.team, params={"limit": Decimal(3)}))
        b = await save(stage, PolicyDraft(key=k, template="kpi_count"))
        x, y = await begin(stage), await begin(stage)
        done, ref = await together(publishing.publish(x, k, 1, stage.team), publishing.publish(y, k, 2))
        print("P3", len(done), ref, await states(stage, k), await states(stage, k, stage.team))
    assert 0

async def test_p5(stage):
    await person(stage, "team-admin", stage.team, (Role.HR_ADMIN, stage.team))
    await put(stage, await save(stage, replace(LIMIT, layer=stage.company, hold=3, lock=("hold",))))
    for kw in (dict(hold=5),):
        try: await save(stage, replace(LIMIT, layer=stage.team), "team-admin", **kw)
        except Refusal as r: print("P5", r.code, r.message, r.field)
    # overwrite of a root draft
    mine = PolicyDraft(key="few-goals", template="goal_limit")
    await put(stage, await save(stage, mine))
    await save(stage, mine, scope=Scope(units=(stage.team,)), note="root's draft")
    try:
        got = await save(stage, mine, "team-admin", scope=Scope(units=(stage.team,)), note="sabotage")
        print("P7 saved over", got.version, got.author)
    except Refusal as r: print("P7", r.code, r.message)
    assert 0

async def test_p8(stage):
    "retire of a middle layer leaves something that is not sound"
    W = {"all": [{"field": "kpis", "op": "gt", "value": {"param": "a"}}, {"field": "kpis", "op": "lt", "value": {"param": "b"}}]}
    D = PolicyDraft(key="span", template="custom", on="unit", when=W, params={"a": Decimal(1), "b": Decimal(5)})
    await put(stage, await save(stage, D))
    L = PolicyDraft(key="span", template="custom")
    await put(stage, await save(stage, L, layer=stage.company, params={"b": Decimal(50)}))
    await put(stage, await save(stage, L, layer=stage.team, params={"a": Decimal(10)}), confirm=True)
    try:
        await publishing.retire(await begin(stage), "span", stage.company)
        print("P8 retired")
    except Refusal as r: print("P8", r.code, r.message)
    assert 0
