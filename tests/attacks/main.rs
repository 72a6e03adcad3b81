//! What a trail must withstand: each test is named with its row in the list of attacks.

mod bits;
#[cfg(feature = "compressed")]
mod compressed;
mod ends;
mod folders;
mod keys;
mod lines;
mod log;
mod spelling;
mod torn;
