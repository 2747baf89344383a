//! The rules of coordination, kind by kind, and under random use.

mod leases;
mod queues;
mod random;
mod values;
