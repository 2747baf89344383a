//! Locks and semaphores: leases with a time and a fencing token, which only grows.
//!
//! A lease that runs out ends by itself, and whoever waits next gets one. What a late holder still
//! tries is refused by its token.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use wask_proto::{LeaseEnd, LeaseKind, LeaseName, SyncRecord, Timestamp};

use super::{
    Coordination,
    books::{Books, THING_COST_BYTES, cost_of_name},
    command::{After, Call},
    lines::{Lines, Waits},
};
use crate::{
    refusal::Refusal,
    view::sync::{LeaseView, LeasesView, SyncKind},
};

/// All semaphores, and the locks that are held.
#[derive(Default)]
pub(super) struct Leases {
    table: BTreeMap<LeaseName, Pool>,
    deadlines: BTreeSet<(Timestamp, LeaseName, u64)>,
    last_token: u64,
    takers: Lines<LeaseName, Taker>,
}

#[derive(Clone, PartialEq, Debug)]
struct Pool {
    leases: u32,
    /// By token.
    holders: BTreeMap<u64, Lease>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Lease {
    lease_ms: u64,
    until: Timestamp,
}

struct Taker {
    lease_ms: u64,
    call: Call<LeaseView>,
}

impl Waits for Taker {
    fn is_gone(&self) -> bool {
        self.call.is_gone()
    }
}

/// The kind, as people call it.
pub(super) fn kind_of(of: &LeaseName) -> SyncKind {
    match of.kind {
        LeaseKind::Lock => SyncKind::Lock,
        LeaseKind::Semaphore => SyncKind::Semaphore,
    }
}

fn semaphore(name: &Arc<str>) -> LeaseName {
    LeaseName { kind: LeaseKind::Semaphore, name: Arc::clone(name) }
}

impl Leases {
    pub(super) fn apply(&mut self, record: &SyncRecord, books: &mut Books) {
        match record {
            SyncRecord::SemaphoreMade { name, leases } => {
                self.pool(&semaphore(name), books).leases = *leases;
            }
            SyncRecord::SemaphoreDeleted { name } => self.delete(&semaphore(name), books),
            SyncRecord::LeaseTaken { of, token, lease_ms, until } => {
                self.last_token = self.last_token.max(*token);
                let lease = Lease { lease_ms: *lease_ms, until: *until };
                self.pool(of, books).holders.insert(*token, lease);
                self.deadlines.insert((*until, of.clone(), *token));
                books.bytes += THING_COST_BYTES;
            }
            SyncRecord::LeaseRenewed { of, token, lease_ms, until } => {
                let pool = self.table.get_mut(of);
                let Some(lease) = pool.and_then(|pool| pool.holders.get_mut(token)) else { return };
                self.deadlines.remove(&(lease.until, of.clone(), *token));
                *lease = Lease { lease_ms: *lease_ms, until: *until };
                self.deadlines.insert((*until, of.clone(), *token));
            }
            SyncRecord::LeaseEnded { of, token, .. } => {
                let Some(pool) = self.table.get_mut(of) else { return };
                let Some(lease) = pool.holders.remove(token) else { return };
                self.deadlines.remove(&(lease.until, of.clone(), *token));
                books.bytes -= THING_COST_BYTES;
                if of.kind == LeaseKind::Lock && pool.holders.is_empty() {
                    self.delete(of, books);
                }
            }
            _ => {}
        }
    }

    fn pool(&mut self, of: &LeaseName, books: &mut Books) -> &mut Pool {
        self.table.entry(of.clone()).or_insert_with(|| {
            books.add_name(&of.name);
            Pool { leases: 1, holders: BTreeMap::new() }
        })
    }

    fn delete(&mut self, of: &LeaseName, books: &mut Books) {
        let Some(pool) = self.table.remove(of) else { return };
        books.remove_name(&of.name);
        for (token, lease) in pool.holders {
            self.deadlines.remove(&(lease.until, of.clone(), token));
            books.bytes -= THING_COST_BYTES;
        }
    }

    pub(super) fn forget(&mut self, last_token: u64) {
        self.table.clear();
        self.deadlines.clear();
        self.last_token = self.last_token.max(last_token);
    }

    pub(super) const fn last_token(&self) -> u64 {
        self.last_token
    }

    /// The records that make all of it anew.
    pub(super) fn restate(&self) -> impl Iterator<Item = SyncRecord> {
        self.table.iter().flat_map(|(of, pool)| {
            let made =
                || SyncRecord::SemaphoreMade { name: Arc::clone(&of.name), leases: pool.leases };
            let made = (of.kind == LeaseKind::Semaphore).then(made);
            let taken = |(token, lease): (&u64, &Lease)| SyncRecord::LeaseTaken {
                of: of.clone(),
                token: *token,
                lease_ms: lease.lease_ms,
                until: lease.until,
            };
            made.into_iter().chain(pool.holders.iter().map(taken))
        })
    }

    /// Whether this token holds a lease now.
    pub(super) fn holds(&self, of: &LeaseName, token: u64, now: Timestamp) -> bool {
        self.lease(of, token).is_some_and(|lease| lease.until > now)
    }

    fn lease(&self, of: &LeaseName, token: u64) -> Option<Lease> {
        self.table.get(of)?.holders.get(&token).copied()
    }

    /// Whether a lease can be had; `None` where there is nothing to have.
    fn is_free(&self, of: &LeaseName) -> Option<bool> {
        match self.table.get(of) {
            Some(pool) => Some((pool.holders.len() as u64) < u64::from(pool.leases)),
            None => (of.kind == LeaseKind::Lock).then_some(true),
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        let end = self.deadlines.first().map(|(until, ..)| *until);
        [end, self.takers.next_deadline()].into_iter().flatten().min()
    }

    /// A lock, which is free unless it is known, or a semaphore.
    pub(super) fn view(&self, of: &LeaseName) -> Option<LeasesView> {
        let free = Pool { leases: 1, holders: BTreeMap::new() };
        let pool = match self.table.get(of) {
            Some(pool) => pool,
            None if of.kind == LeaseKind::Lock => &free,
            None => return None,
        };
        let holder =
            |(token, lease): (&u64, &Lease)| LeaseView { token: *token, until: lease.until };
        Some(LeasesView {
            name: Arc::clone(&of.name),
            leases: pool.leases,
            holders: pool.holders.iter().map(holder).collect(),
            waiters: self.takers.len_of(of),
        })
    }

    pub(super) fn names(&self) -> &BTreeMap<LeaseName, impl Sized> {
        &self.table
    }

    pub(super) fn waiters(&self, kind: LeaseKind) -> usize {
        self.takers.count(|of| of.kind == kind)
    }

    pub(super) fn waiters_in_all(&self) -> usize {
        self.takers.total()
    }

    pub(super) fn sweep(&mut self) {
        self.takers.sweep();
    }
}

impl Coordination {
    pub(super) fn make_semaphore(&mut self, name: Arc<str>, leases: u32, call: Call<LeasesView>) {
        let of = semaphore(&name);
        let made = self.try_make_semaphore(&of, leases, &call);
        self.serve_leases(&of);
        let answer = made.and_then(|()| self.known_leases(&of));
        self.answer(call, answer);
    }

    fn try_make_semaphore(
        &mut self,
        of: &LeaseName,
        leases: u32,
        call: &Call<LeasesView>,
    ) -> Result<(), Refusal> {
        self.admit(call)?;
        let before = self.leases.table.get(of).map(|pool| pool.leases);
        if before.is_none() {
            self.check_room(cost_of_name(&of.name))?;
        }
        if before != Some(leases) {
            self.commit(SyncRecord::SemaphoreMade { name: Arc::clone(&of.name), leases });
        }
        Ok(())
    }

    pub(super) fn acquire(&mut self, of: LeaseName, lease_ms: u64, call: Call<LeaseView>) {
        let admitted = self.admit(&call).and_then(|()| {
            self.check_room(cost_of_name(&of.name) + THING_COST_BYTES)?;
            self.leases.is_free(&of).ok_or_else(|| unknown(&of))
        });
        let free = match admitted {
            Ok(free) => free,
            Err(refusal) => return self.answer(call, Err(refusal)),
        };
        if free {
            return self.grant(&of, Taker { lease_ms, call });
        }
        match self.check_wait(&call) {
            Ok(until) => self.leases.takers.push(&of, until, Taker { lease_ms, call }),
            Err(refusal) => self.answer(call, Err(refusal)),
        }
    }

    fn grant(&mut self, of: &LeaseName, taker: Taker) {
        let Taker { lease_ms, call } = taker;
        let (token, until) = (self.leases.last_token + 1, self.now.plus_ms(lease_ms));
        self.commit(SyncRecord::LeaseTaken { of: of.clone(), token, lease_ms, until });
        let of = of.clone();
        self.out.answers.push(Box::new(move || {
            let told = call.reply.send(Ok(LeaseView { token, until }));
            told.is_err().then_some(After::Untaken(of, token))
        }));
    }

    /// Gives those who wait what is free.
    fn serve_leases(&mut self, of: &LeaseName) {
        while self.leases.is_free(of) == Some(true)
            && let Some(taker) = self.leases.takers.pop(of)
        {
            if taker.is_gone() {
                continue;
            }
            match self.check_guard(taker.call.guard.as_ref()) {
                Ok(()) => self.grant(of, taker),
                Err(refusal) => self.answer(taker.call, Err(refusal)),
            }
        }
    }

    pub(super) fn renew(
        &mut self,
        of: LeaseName,
        token: u64,
        lease_ms: Option<u64>,
        call: Call<LeaseView>,
    ) {
        let held = self.admit(&call).and_then(|()| self.held_lease(&of, token));
        let answer = held.map(|lease| {
            let lease_ms = lease_ms.unwrap_or(lease.lease_ms);
            let until = self.now.plus_ms(lease_ms);
            self.commit(SyncRecord::LeaseRenewed { of, token, lease_ms, until });
            LeaseView { token, until }
        });
        self.answer(call, answer);
    }

    pub(super) fn release(&mut self, of: LeaseName, token: u64, call: Call<()>) {
        let held = self.admit(&call).and_then(|()| self.held_lease(&of, token));
        if held.is_ok() {
            self.end_lease(&of, token, LeaseEnd::Released);
        }
        self.answer(call, held.map(|_| ()));
    }

    /// A lease whose taker was gone before it could hear of it.
    pub(super) fn give_back(&mut self, of: LeaseName, token: u64) {
        if self.leases.lease(&of, token).is_some() {
            self.end_lease(&of, token, LeaseEnd::Released);
        }
    }

    fn end_lease(&mut self, of: &LeaseName, token: u64, end: LeaseEnd) {
        self.commit(SyncRecord::LeaseEnded { of: of.clone(), token, end });
        self.serve_leases(of);
    }

    pub(super) fn delete_leases(&mut self, of: LeaseName, call: Call<()>) {
        let known = self.admit(&call).and_then(|()| {
            let pool = self.leases.table.get(&of);
            pool.map(|pool| pool.holders.keys().copied().collect()).ok_or_else(|| unknown(&of))
        });
        let tokens: Vec<u64> = match known {
            Ok(tokens) => tokens,
            Err(refusal) => return self.answer(call, Err(refusal)),
        };
        if of.kind == LeaseKind::Lock {
            for token in tokens {
                self.end_lease(&of, token, LeaseEnd::Deleted);
            }
        } else {
            self.commit(SyncRecord::SemaphoreDeleted { name: Arc::clone(&of.name) });
            for taker in self.leases.takers.drain(&of) {
                let deleted = Refusal::Deleted(SyncKind::Semaphore, Arc::clone(&of.name));
                self.answer(taker.call, Err(deleted));
            }
        }
        self.answer(call, Ok(()));
    }

    /// Ends the leases that have run out.
    pub(super) fn end_leases(&mut self) {
        while let Some((until, of, token)) = self.leases.deadlines.first().cloned()
            && until <= self.now
        {
            self.end_lease(&of, token, LeaseEnd::RanOut);
        }
    }

    pub(super) fn time_out_leases(&mut self) {
        for taker in self.leases.takers.overdue(self.now) {
            self.answer(taker.call, Err(Refusal::TimedOut));
        }
    }

    fn held_lease(&self, of: &LeaseName, token: u64) -> Result<Lease, Refusal> {
        let lease = self.leases.lease(of, token);
        lease.ok_or_else(|| Refusal::StaleToken { of: of.clone(), token })
    }

    fn known_leases(&self, of: &LeaseName) -> Result<LeasesView, Refusal> {
        self.leases.view(of).ok_or_else(|| unknown(of))
    }
}

fn unknown(of: &LeaseName) -> Refusal {
    Refusal::UnknownName(kind_of(of), Arc::clone(&of.name))
}
