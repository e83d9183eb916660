"""Rules about people: who joins, changes and leaves, and what they offer."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.stateful.bank import Bank, back, good_reason, index, key, rarely, reason, step
from tests.stateful.twins import Who
from timebank import accounts, listings, members, staff
from timebank.domain.account import Frozen
from timebank.domain.actor import Role
from timebank.domain.hours import Hours

floors = st.sampled_from([None, -600, -300, -30, 0, 60])
ceilings = st.sampled_from([None, 30, 120, 900, -5])


class People(Bank):
    """Members, staff and listings."""

    @step(
        ref=st.sampled_from([None, None, "anna", "dora", "emil"]),
        kind=st.sampled_from(["person", "person", "organisation", "staff", "robot"]),
        ago=back,
        i=index,
        key=key,
    )
    def join(self, ref: str | None, kind: str, ago: int | None, i: int, key: str | None) -> None:
        """Somebody joins: under a ref that may be taken, on a day that may not have come."""
        by = self.anybody(i)
        self.joined("Somebody", by=by, ref=ref, kind=kind, joined_on=self.day(ago), key=key)

    @step(act=st.sampled_from([members.resume, members.approve]), i=index, by=rarely)
    def approve_or_resume(self, act: object, i: int, by: bool) -> None:
        """A member becomes active: the newest is approved, an older one resumed."""
        assert callable(act)
        member = self.members[-1] if act is members.approve else self.member(i)
        who = self.anybody(i) if by else self.olga
        self.act(lambda s, uow: act(uow, s.id(member), by=s.actor(who)))

    @step(i=index, n=index, why=reason, sure=st.booleans())
    def suspend(self, i: int, n: int, why: str, sure: bool) -> None:
        """A member may neither pay nor agree."""
        if not sure:
            return
        self.act(
            lambda s, uow: members.suspend(
                uow, s.id(self.member(i)), reason=why or "other", by=s.actor(self.anybody(n))
            )
        )

    @step(
        i=index,
        founder=rarely,
        hours_to=st.sampled_from([None, "pot"]),
        second=st.booleans(),
        key=key,
    )
    def leave(
        self, i: int, founder: bool, hours_to: str | None, second: bool, key: str | None
    ) -> None:
        """One who joined later leaves, with or without a place for the hours."""
        late = self.members if founder else self.members[3:]
        if not late:
            return
        member = late[i % len(late)]
        self.act(
            lambda s, uow: members.leave(
                uow,
                s.id(member),
                by=s.actor(self.cora),
                hours_to=hours_to,
                write_off_from="closure" if second else None,
                approved_by=s.actor(self.colin) if second else None,
                key=key,
            )
        )

    @step(i=index, second=st.booleans(), reason=reason, key=key)
    def forget(self, i: int, second: bool, reason: str, key: str | None) -> None:
        """One of those who joined later is forgotten, if all is over."""
        member = (self.members[3:] or self.members)[i % len(self.members[3:] or self.members)]
        self.act(
            lambda s, uow: members.forget(
                uow,
                s.id(member),
                reason=reason,
                by=s.actor(self.cora),
                approved_by=s.actor(self.colin if second else self.cora),
                key=key,
            )
        )

    @step(i=index, n=index, ref=st.sampled_from([None, "ben", "frida"]), key=key)
    def update(self, i: int, n: int, ref: str | None, key: str | None) -> None:
        """A new name, and a ref that may be taken."""
        self.act(
            lambda s, uow: members.update(
                uow,
                s.id(self.member(i)),
                by=s.actor(self.as_member(n) if n % 2 else self.cora),
                name=f"Name {n}",
                ref=ref,
                key=key,
            )
        )

    @step(
        ref=st.sampled_from(["gus", "anna", "bea"]),
        role=st.sampled_from(["broker", "officer", "member"]),
        ago=back,
        ends=st.booleans(),
    )
    def change_staff(self, ref: str, role: str, ago: int | None, ends: bool) -> None:
        """A role begins or ends; Bea may lose hers."""
        if ends:
            self.act(lambda s, uow: staff.end(uow, ref, role=role, by=s.actor(self.cora)))
        else:
            self.act(
                lambda s, uow: staff.add(
                    uow, ref, role=role, starts_on=self.day(ago), by=s.actor(self.cora)
                )
            )

    @step(i=index, n=index, floor=floors, ceiling=ceilings, why=good_reason, ahead=back)
    def set_limits(
        self, i: int, n: int, floor: int | None, ceiling: int | None, why: str, ahead: int | None
    ) -> None:
        """New limits, that the balance may lie outside of."""
        self.act(
            lambda s, uow: accounts.set_limits(
                uow,
                s.id(self.account(i)),
                floor=None if floor is None else Hours(minutes=floor),
                ceiling=None if ceiling is None else Hours(minutes=ceiling),
                reason=why,
                by=s.actor(self.cora),
                approved_by=s.actor(self.second(n)),
                review_on=self.day(ahead),
            )
        )

    @step(
        i=index,
        n=index,
        frozen=st.sampled_from(["none", "none", "none", *Frozen, "icy"]),
        why=reason,
    )
    def freeze(self, i: int, n: int, frozen: Frozen | str, why: str) -> None:
        """A direction is blocked or free again."""
        self.act(
            lambda s, uow: accounts.freeze(
                uow,
                s.id(self.account(i)),
                frozen=frozen,
                reason=why,
                by=s.actor(self.olga if n % 3 else self.anybody(n)),
            )
        )

    @step(
        i=index,
        place=st.sampled_from([listings.offer, listings.request]),
        category=st.sampled_from(["garden", "garden", "care", "magic"]),
        ago=back,
        key=key,
    )
    def place_listing(
        self, i: int, place: object, category: str, ago: int | None, key: str | None
    ) -> None:
        """A member offers or requests something, until a day that may have passed."""
        assert callable(place)
        act = self.act(
            lambda s, uow: place(
                uow,
                member=s.id(self.member(i)),
                title=f"Roses No. {i}",
                category=category,
                by=s.actor(Who(Role.BROKER, self.bea.person) if i % 4 == 0 else self.as_member(i)),
                expires_on=self.day(ago),
                key=key,
            )
        )
        if act.receipt is not None:
            self.listings.append(self.twins.name(act.receipt.listing_id))

    @step(i=index, n=index)
    def withdraw_listing(self, i: int, n: int) -> None:
        """A listing is taken back, perhaps by somebody else, perhaps twice."""
        if self.listings:
            listing = self.listings[i % len(self.listings)]
            by = self.cora if n % 2 else self.as_member(n)
            self.act(lambda s, uow: listings.withdraw(uow, s.id(listing), by=s.actor(by)))

    @step(
        words=st.sampled_from([None, "rose", "No. 1", "%", "_", "ROSES"]),
        category=st.sampled_from([None, "garden"]),
        kind=st.sampled_from([None, "offer", "request"]),
        limit=st.integers(1, 3),
    )
    def search_listings(
        self, words: str | None, category: str | None, kind: str | None, limit: int
    ) -> None:
        """Both find the same, page by page."""
        found = self.see(
            lambda _, unit: listings.search(unit, words, kind=kind, category=category, limit=limit)
        )
        if found:
            last = found[-1][1]["id"]
            self.see(
                lambda s, unit: listings.search(
                    unit, words, kind=kind, category=category, after=s.id(last), limit=limit
                )
            )
