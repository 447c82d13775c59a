"""What is kept. One module per subject; nothing here makes a call or knows the engine."""

from __future__ import annotations

from .accounts import Account, AccountStatus
from .alerts import Alert, AlertMessage, AlertSettings, Channel, Occasion
from .budgets import ApiBudget, ApiUsage
from .checkpoints import ReadCheckpoint, StepCheckpoint
from .chunks import ChunkState, RunChunk
from .connections import Connection
from .directory import AccountField, Member, SavedFilter, SavedFilterPerson, Sequence, SequenceStatus, SequenceStep
from .entries import Action, Outcome, Part, RunEntry
from .filters import ConditionSubject, FilterCondition
from .heartbeats import Heartbeat
from .idempotency import IdempotentRequest
from .links import Enrolment, EnrolmentState, PersonLink
from .mappings import FieldMapping, OwnerMapping, SequenceMapping
from .people import Person, PersonEmail
from .runs import ACTIVE_STATES, Phase, Run, RunKind, RunStage, RunState, Trigger
from .steps import SyncStep
from .tokens import ApiToken
from .webhooks import ChangeHint, Webhook, WebhookState

__all__ = [
    "ACTIVE_STATES",
    "Account",
    "AccountField",
    "AccountStatus",
    "Action",
    "Alert",
    "AlertMessage",
    "AlertSettings",
    "ApiBudget",
    "ApiToken",
    "ApiUsage",
    "ChangeHint",
    "Channel",
    "ChunkState",
    "ConditionSubject",
    "Connection",
    "Enrolment",
    "EnrolmentState",
    "FieldMapping",
    "FilterCondition",
    "Heartbeat",
    "IdempotentRequest",
    "Member",
    "Occasion",
    "Outcome",
    "OwnerMapping",
    "Part",
    "Person",
    "PersonEmail",
    "PersonLink",
    "Phase",
    "ReadCheckpoint",
    "Run",
    "RunChunk",
    "RunEntry",
    "RunKind",
    "RunStage",
    "RunState",
    "SavedFilter",
    "SavedFilterPerson",
    "Sequence",
    "SequenceMapping",
    "SequenceStatus",
    "SequenceStep",
    "StepCheckpoint",
    "SyncStep",
    "Trigger",
    "Webhook",
    "WebhookState",
]
