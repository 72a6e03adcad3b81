//! What a trail must withstand: each test is named with its row in the list of attacks.

mod bits;
#[cfg(feature = "compressed")]
mod compressed;
mod ends;
mod folders;
mod keys;
mod lines;
#[cfg(unix)]
mod live;
mod log;
mod spelling;
mod torn;
