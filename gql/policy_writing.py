"""What HR administrators can do with policies."""

from typing import Annotated

import strawberry

from app import policies, publishing, recommendations
from gql import policy_inputs as inputs
from gql.context import Info
from gql.errors import UserError
from gql.nodes import Recommendation
from gql.policies import Policy
from gql.writing import GIVEN, answer, errors, write


@strawberry.type(description="The answer to savePolicy.")
class SavePolicyPayload:
    """The answer to savePolicy."""

    policy: Policy | None = strawberry.field(default=None, description="The saved draft.")
    user_errors: list[UserError] = errors()


@strawberry.type(description="What the preview of a version said before it was put in force.")
class ShownPreview:
    """Numbers of a preview."""

    asked: int = strawberry.field(description="How many subjects it looked at.")
    matched: int = strawberry.field(description="How many of them matched.")
    opens: int = strawberry.field(description="How many recommendations would open.")
    resolves: int = strawberry.field(description="How many would end.")
    stays: int = strawberry.field(description="How many would stay.")


@strawberry.type(description="The answer to publishPolicy.")
class PublishPolicyPayload:
    """What publishing did."""

    policy: Policy | None = strawberry.field(default=None, description="The version that is in force now.")
    shown: ShownPreview | None = strawberry.field(
        default=None, description="What its preview said before; previewPolicy says more."
    )
    recommendations: list[Recommendation] = strawberry.field(
        default_factory=list, description="What is open from the policy now."
    )
    user_errors: list[UserError] = errors()


@strawberry.type(description="The answer to rollBackPolicy.")
class RollBackPolicyPayload(PublishPolicyPayload):
    """What going back did."""


@strawberry.type(description="The answer to retirePolicy.")
class RetirePolicyPayload:
    """The answer to retirePolicy."""

    policy: Policy | None = strawberry.field(default=None, description="The version that was in force.")
    user_errors: list[UserError] = errors()


@strawberry.type(description="What HR administrators can do with policies.")
class PolicyMutation:
    """Mutations on policies."""

    @write("Save a policy as a draft; it is in force only once published.", SavePolicyPayload)
    @staticmethod
    async def save_policy(info: Info, input: Annotated[inputs.SavePolicyInput, GIVEN]) -> object:
        """Save a draft of a policy."""
        return answer(SavePolicyPayload, policy=await policies.save(info.context.call, inputs.policy(input.policy)))

    @write("Put a saved version in force, once its tests pass and its preview is confirmed.", PublishPolicyPayload)
    @staticmethod
    async def publish_policy(info: Info, input: Annotated[inputs.PublishPolicyInput, GIVEN]) -> object:
        """Publish a version of a policy."""
        return _published(
            PublishPolicyPayload,
            info,
            await publishing.publish(
                info.context.call,
                input.key,
                input.version,
                inputs.layer(input.unit_id),
                note=input.note or "",
                confirm=input.confirm or False,
                saved_at=input.saved_at,
            ),
        )

    @write("Put what an earlier version said in force again, as a new version.", RollBackPolicyPayload)
    @staticmethod
    async def roll_back_policy(info: Info, input: Annotated[inputs.RollBackPolicyInput, GIVEN]) -> object:
        """Go back to an earlier version of a policy."""
        return _published(
            RollBackPolicyPayload,
            info,
            await publishing.roll_back(
                info.context.call,
                input.key,
                input.version,
                inputs.layer(input.unit_id),
                note=input.note or "",
                confirm=input.confirm or False,
            ),
        )

    @write("Take a policy, or what a unit changes of it, out of force.", RetirePolicyPayload)
    @staticmethod
    async def retire_policy(info: Info, input: Annotated[inputs.RetirePolicyInput, GIVEN]) -> object:
        """Retire a policy."""
        retired = await publishing.retire(
            info.context.call, input.key, inputs.layer(input.unit_id), note=input.note or ""
        )
        return answer(RetirePolicyPayload, policy=retired)


def _published(payload: type[PublishPolicyPayload], info: Info, done: publishing.Published) -> object:
    seen = [one for one in done.recommendations if recommendations.sees(info.context.call, one)]
    return answer(payload, policy=done.policy, shown=done.shown, recommendations=seen)
