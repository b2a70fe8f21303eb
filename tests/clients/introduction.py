#!/usr/bin/env python3
"""One introduction, from the teller to the money, as a branch system in another language would make it.

    handsel up --simulator &
    python tests/clients/introduction.py --handsel target/release/handsel

Stubs are generated from proto/ into a temporary folder. Exit code 0: both rewards were paid.
"""

import argparse
import datetime
import importlib
import pathlib
import subprocess
import sys
import tempfile
import time
import uuid

import grpc
from grpc_status import rpc_status
from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
BRANCH = "0101"


def generate_stubs(folder):
    """Compiles every .proto of the contract, as a client author would."""
    files = [str(path.relative_to(PROTO)) for path in sorted(PROTO.glob("handsel/*/v1/*.proto"))]
    third_party = [str(path.relative_to(PROTO / "third_party")) for path in sorted((PROTO / "third_party").rglob("*.proto"))]
    well_known = str(pathlib.Path(protoc.__file__).parent / "_proto")
    command = ["protoc", f"-I{PROTO}", f"-I{PROTO / 'third_party'}", f"-I{well_known}"]
    outcome = protoc.main(command + [f"--python_out={folder}", f"--grpc_python_out={folder}"] + files + third_party)
    if outcome != 0:
        sys.exit("stubs could not be generated")
    sys.path.insert(0, folder)
    # google.api and google.type would hide behind the google package of the installed libraries.
    import google
    google.__path__.append(f"{folder}/google")


class Caller:
    """Calls rpcs as one person or system, with his token."""

    def __init__(self, channel, token):
        self.channel, self.metadata = channel, (("authorization", f"Bearer {token}"),)

    def call(self, module, service, rpc, request):
        stub = getattr(importlib.import_module(module + "_pb2_grpc"), service + "Stub")(self.channel)
        return getattr(stub, rpc)(request, metadata=self.metadata, timeout=10)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--address", default="127.0.0.1:7410")
    arguments.add_argument("--handsel", default="target/release/handsel", help="the program, to make development tokens with")
    arguments.add_argument("--data", default=None, help="its data folder, where it is not the default")
    arguments = arguments.parse_args()

    stubs = tempfile.TemporaryDirectory()
    generate_stubs(stubs.name)
    from google.type import decimal_pb2, money_pb2
    from google.protobuf import timestamp_pb2
    from handsel.access.v1 import rule_pb2
    from handsel.referral.v1 import code_pb2, program_pb2, referral_pb2
    from handsel.reward.v1 import plan_pb2, reward_pb2

    def token(role, branch="*", person=""):
        command = [arguments.handsel, "token", "--role", role, "--branch", branch]
        command += ["--person", person] if person else []
        command += ["--data", arguments.data] if arguments.data else []
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def request_id():
        return str(uuid.uuid4())

    def crowns(amount):
        return money_pb2.Money(currency_code="CZK", units=amount)

    def instant(moment):
        stamp = timestamp_pb2.Timestamp()
        stamp.FromDatetime(moment)
        return stamp

    channel = grpc.insecure_channel(arguments.address)
    maker = Caller(channel, token("program.admin", person="mila"))
    checker = Caller(channel, token("program.admin", person="ota"))
    teller = Caller(channel, token("branch.staff", branch=BRANCH, person="anna"))
    other_teller = Caller(channel, token("branch.staff", branch="0202", person="ivan"))
    approver = Caller(channel, token("finance.approver", person="petra"))
    core_banking = Caller(channel, token("core.banking"))

    PROGRAM, REFERRAL, CODE = "handsel.referral.v1.program", "handsel.referral.v1.referral", "handsel.referral.v1.code"
    PLAN, REWARD = "handsel.reward.v1.plan", "handsel.reward.v1.reward"
    now = datetime.datetime.now(datetime.timezone.utc)
    run = uuid.uuid4().hex[:8]

    # What success pays: 200 crowns to who introduces, 1 % of the first deposit to who is introduced. One person makes it,
    # another puts it in force.
    plan = maker.call(PLAN, "PlanService", "CreatePlan", plan_pb2.CreatePlanRequest(
        request_id=request_id(), plan_id=f"friends-{run}", plan=plan_pb2.Plan(
            display_name="Friends", currency_code="CZK", time_zone="Europe/Prague",
            role_rules=[
                plan_pb2.RoleRule(role=plan_pb2.BENEFICIARY_ROLE_REFERRER, fixed=plan_pb2.FixedRule(amount=crowns(200))),
                plan_pb2.RoleRule(role=plan_pb2.BENEFICIARY_ROLE_REFEREE, percent=plan_pb2.PercentRule(rate=decimal_pb2.Decimal(value="0.01")))],
            budget=crowns(1_000_000), on_exceed=plan_pb2.ON_EXCEED_REDUCE, 
            approval_bands=[plan_pb2.ApprovalBand(from_amount=crowns(150), roles=[rule_pb2.ROLE_FINANCE_APPROVER], approvers=1)])))
    plan = maker.call(PLAN, "PlanService", "SubmitPlan", plan_pb2.SubmitPlanRequest(request_id=request_id(), name=plan.name, etag=plan.etag))
    try:
        maker.call(PLAN, "PlanService", "ActivatePlan", plan_pb2.ActivatePlanRequest(request_id=request_id(), name=plan.name))
        sys.exit("the maker could activate his own plan")
    except grpc.RpcError as error:
        print(f"the maker may not check: {error.code().name}, {reason(error)}")
    plan = checker.call(PLAN, "PlanService", "ActivatePlan", plan_pb2.ActivatePlanRequest(request_id=request_id(), name=plan.name, etag=plan.etag))
    print(f"{plan.name} is {plan_pb2.Plan.State.Name(plan.state)}")

    # Who may refer whom, and what counts: an account, and a first deposit of 1,000 crowns, within 90 days.
    def any_of(*conditions):
        return program_pb2.Requirement(any_of=conditions)
    program = maker.call(PROGRAM, "ProgramService", "CreateProgram", program_pb2.CreateProgramRequest(
        request_id=request_id(), program_id=f"friends-{run}", program=program_pb2.Program(
            display_name="Friends", plan=plan.name, start_time=instant(now - datetime.timedelta(days=1)),
            success=program_pb2.SuccessRule(within_days=90, qualifying_amount=program_pb2.FACT_KIND_FIRST_DEPOSIT, requirements=[
                any_of(program_pb2.Condition(kind=program_pb2.FACT_KIND_ACCOUNT_OPENED)),
                any_of(program_pb2.Condition(kind=program_pb2.FACT_KIND_FIRST_DEPOSIT, minimum=crowns(1000)))]))))
    program = maker.call(PROGRAM, "ProgramService", "SubmitProgram", program_pb2.SubmitProgramRequest(request_id=request_id(), name=program.name))
    program = checker.call(PROGRAM, "ProgramService", "ActivateProgram", program_pb2.ActivateProgramRequest(request_id=request_id(), name=program.name))
    print(f"{program.name} is {program_pb2.Program.State.Name(program.state)}, pays by version {program.plan_version} of {program.plan}")

    # The teller gives the customer a code; a friend brings it to the counter.
    code = teller.call(CODE, "CodeService", "CreateCode", code_pb2.CreateCodeRequest(
        request_id=request_id(), code=code_pb2.Code(program=program.name, referrer=f"customers/C-{run}", branch=BRANCH)))
    print(f"code: {code.name}")
    introduction = referral_pb2.CreateReferralRequest(request_id=request_id(), referral=referral_pb2.Referral(
        program=program.name, branch=BRANCH, channel=referral_pb2.CHANNEL_CUSTOMER_CODE, code=code.name,
        referee=referral_pb2.Referee(display_name="Jana Nováková", email=f"jana.{run}@example.org"),
        consent=referral_pb2.Consent(text_version="referee-contact/1", give_time=instant(now), means=referral_pb2.Consent.MEANS_SIGNED)))
    referral = teller.call(REFERRAL, "ReferralService", "CreateReferral", introduction)
    again = teller.call(REFERRAL, "ReferralService", "CreateReferral", introduction)
    assert again.name == referral.name, "the same request made two referrals"
    print(f"{referral.name}: {referral_pb2.Referral.State.Name(referral.state)}, referee {referral.referee.display_name} {referral.referee.email}")
    for check in referral.checks:
        print(f"  {referral_pb2.Check.Rule.Name(check.rule):32} {referral_pb2.Check.Verdict.Name(check.verdict)}")
    try:
        other_teller.call(REFERRAL, "ReferralService", "GetReferral", referral_pb2.GetReferralRequest(name=referral.name))
        sys.exit("another branch could read the referral")
    except grpc.RpcError as error:
        print(f"another branch may not look: {error.code().name}, {reason(error)}")

    # Core banking reports what happened since: what was before the introduction does not count.
    happened = datetime.datetime.now(datetime.timezone.utc)
    def fact(number, kind, amount=None):
        return referral_pb2.Fact(fact_id=f"{run}-{number}", kind=kind, customer=f"customers/F-{run}", referral=referral.name,
                                 amount=amount, occur_time=instant(happened))
    answer = core_banking.call(REFERRAL, "FactService", "BatchIngestFacts", referral_pb2.IngestFactsRequest(facts=[
        fact(1, program_pb2.FACT_KIND_ACCOUNT_OPENED), fact(2, program_pb2.FACT_KIND_FIRST_DEPOSIT, crowns(12_345))]))
    for outcome in answer.outcomes:
        print(f"fact {outcome.fact_id}: {referral_pb2.FactOutcome.Result.Name(outcome.result)}, {referral_pb2.Referral.State.Name(outcome.state)}")

    # The rewards come by themselves; one is above the threshold and waits for a person.
    def rewards():
        return teller.call(REWARD, "RewardService", "ListRewards", reward_pb2.ListRewardsRequest(referral=referral.name)).rewards
    def wait_for(what, condition):
        deadline = time.monotonic() + 20
        while not condition(found := rewards()):
            if time.monotonic() > deadline:
                sys.exit(f"waited too long for {what}: {found}")
            time.sleep(0.02)
        return found
    PENDING, PAID = reward_pb2.Reward.STATE_PENDING_APPROVAL, reward_pb2.Reward.STATE_PAID
    pending = [one for one in wait_for("approval", lambda found: any(one.state == PENDING for one in found)) if one.state == PENDING]
    approver.call(REWARD, "RewardService", "ApproveRewards", reward_pb2.ApproveRewardsRequest(
        request_id=request_id(), names=[one.name for one in pending], control_count=len(pending), control_sum=pending[0].net_amount))
    paid = wait_for("payment", lambda found: len(found) == 2 and all(one.state == PAID for one in found))
    for one in paid:
        whole = teller.call(REWARD, "RewardService", "GetReward", reward_pb2.GetRewardRequest(name=one.name))
        print(f"{one.name}: {reward_pb2.Reward.State.Name(one.state)}, {one.net_amount.units}.{one.net_amount.nanos // 10_000_000:02} CZK to {one.beneficiary}")
        for sentence in whole.explanation:
            print(f"  {sentence}")
    print("PAID")


def reason(error):
    """The stable reason in a rich error."""
    from google.rpc import error_details_pb2
    info = error_details_pb2.ErrorInfo()
    for detail in rpc_status.from_call(error).details:
        if detail.Unpack(info):
            return info.reason
    return "no reason"


if __name__ == "__main__":
    main()
