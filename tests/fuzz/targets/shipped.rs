#![no_main]

#[allow(dead_code, unused_imports)] // each target has one of the checks
#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::shipped(input));
