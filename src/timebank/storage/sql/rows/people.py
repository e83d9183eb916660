"""Banks and people as rows, and back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from timebank.domain.actor import Role
from timebank.domain.bank import Bank, DayStatement, PeriodClose
from timebank.domain.ids import BankId
from timebank.domain.listing import Listing, ListingKind
from timebank.domain.member import Member, Person, PersonKind, Staff, Status
from timebank.domain.policy import PolicyVersion
from timebank.domain.policy_text import policy_from
from timebank.storage.sql.rows._common import (
    Values,
    actor_from,
    actor_to,
    approver_from,
    approver_to,
)


def bank_to(bank: Bank) -> Values:
    """A bank as a row."""
    return {
        "slug": bank.slug,
        "name": bank.name,
        "zone": bank.zone,
        "hash_domain": bank.hash_domain,
        "secret": bank.secret,
        "created_at": bank.created_at,
        "copy_size": bank.copy_size,
        "copy_receipts": bank.copy_receipts,
    }


def bank_from(row: Row[Any]) -> Bank:
    """A row as a bank."""
    return Bank(
        id=BankId(row.bank_id),
        slug=row.slug,
        name=row.name,
        zone=row.zone,
        hash_domain=bytes(row.hash_domain),
        secret=bytes(row.secret),
        created_at=row.created_at,
        copy_size=row.copy_size,
        copy_receipts=row.copy_receipts,
    )


def policy_to(version: PolicyVersion) -> Values:
    """A policy version as a row."""
    return {
        "version": version.version,
        "id": version.id,
        "body": version.body,
        "recorded_at": version.recorded_at,
        **actor_to(version.actor),
        **approver_to(version.approver),
    }


def version_from(row: Row[Any]) -> PolicyVersion:
    """A row as a policy version."""
    return PolicyVersion(
        id=row.id,
        version=row.version,
        policy=policy_from(row.body),
        body=row.body,
        recorded_at=row.recorded_at,
        actor=actor_from(row),
        approver=approver_from(row),
    )


def period_to(close: PeriodClose) -> Values:
    """A period close as a row."""
    return {
        "id": close.id,
        "until": close.until,
        "recorded_at": close.recorded_at,
        "policy_version": close.policy_version,
        **actor_to(close.actor),
        **approver_to(close.approver),
    }


def period_from(row: Row[Any]) -> PeriodClose:
    """A row as a period close."""
    return PeriodClose(
        id=row.id,
        until=row.until,
        recorded_at=row.recorded_at,
        actor=actor_from(row),
        approver=approver_from(row),
        policy_version=row.policy_version,
    )


def day_to(stated: DayStatement) -> Values:
    """A statement of the day as a row."""
    return {
        "id": stated.id,
        "day": stated.day,
        "recorded_at": stated.recorded_at,
        "policy_version": stated.policy_version,
        **actor_to(stated.actor),
    }


def day_from(row: Row[Any]) -> DayStatement:
    """A row as a statement of the day."""
    return DayStatement(
        id=row.id,
        day=row.day,
        recorded_at=row.recorded_at,
        actor=actor_from(row),
        policy_version=row.policy_version,
    )


def person_to(person: Person) -> Values:
    """A person as a row."""
    return {
        "id": person.id,
        "kind": person.kind.value,
        "ref": person.ref,
        "name": person.name,
        "contact": person.contact,
    }


def person_from(row: Row[Any]) -> Person:
    """A row as a person."""
    return Person(
        id=row.id, kind=PersonKind(row.kind), ref=row.ref, name=row.name, contact=row.contact
    )


def member_to(member: Member) -> Values:
    """A member as a row."""
    return {
        "id": member.id,
        "kind": member.kind.value,
        "status": member.status.value,
        "status_since": member.status_since,
        "joined_on": member.joined_on,
    }


def member_from(row: Row[Any]) -> Member:
    """A row as a member."""
    return Member(
        id=row.id,
        kind=PersonKind(row.kind),
        status=Status(row.status),
        status_since=row.status_since,
        joined_on=row.joined_on,
    )


def staff_to(staff: Staff) -> Values:
    """A role held as a row."""
    return {
        "id": staff.id,
        "person_id": staff.person,
        "role": staff.role.value,
        "starts_on": staff.starts_on,
        "ends_on": staff.ends_on,
    }


def staff_from(row: Row[Any]) -> Staff:
    """A row as a role held."""
    return Staff(
        id=row.id,
        person=row.person_id,
        role=Role(row.role),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )


def listing_to(listing: Listing) -> Values:
    """A listing as a row."""
    return {
        "id": listing.id,
        "kind": listing.kind.value,
        "member_id": listing.member,
        "title": listing.title,
        "category": listing.category,
        "expires_on": listing.expires_on,
        "placed_at": listing.placed_at,
        "withdrawn_at": listing.withdrawn_at,
    }


def listing_from(row: Row[Any]) -> Listing:
    """A row as a listing."""
    return Listing(
        id=row.id,
        kind=ListingKind(row.kind),
        member=row.member_id,
        title=row.title,
        category=row.category,
        expires_on=row.expires_on,
        placed_at=row.placed_at,
        withdrawn_at=row.withdrawn_at,
    )
