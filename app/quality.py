"""What HR is told about its policies: how people took what each of them said."""

from app.call import Call
from okr.org import Role
from okr.policy import PolicyState
from okr.quality import Quality


async def report(call: Call) -> tuple[Quality, ...]:
    """Return the quality of every policy that was ever in force, by its key; needs hr_admin on the organisation."""
    call.require(Role.HR_ADMIN, call.picture.root.key)
    counted = {one.policy: one for one in await call.store.quality()}
    versions = await call.store.policy_versions()
    tried = {each.key for each in versions if each.state is not PolicyState.DRAFT}
    return tuple(counted.get(key) or Quality(policy=key) for key in sorted(tried | counted.keys()))
