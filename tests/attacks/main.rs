//! What a trail must withstand: each test is named with the number of its row in `docs/ATTACKS.md`.

mod bits;
mod log;
