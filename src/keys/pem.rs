//! Secret keys as PKCS#8 in PEM (RFC 5958, RFC 8410).

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use zeroize::{Zeroize as _, Zeroizing};

use crate::trail::SecretKey;

/// Version 1, without the public key: OpenSSL 3.0 refuses version 2.
pub(super) fn encode(key: &SecretKey) -> Zeroizing<String> {
    let mut pair = KeypairBytes { secret_key: *key.seed(), public_key: None };
    let text = pair.to_pkcs8_pem(LineEnding::LF).expect("32 bytes have a PKCS#8 form");
    pair.secret_key.zeroize();
    text
}

/// Version 1 or 2. The error never shows what it read.
pub(super) fn decode(text: &[u8]) -> Result<SecretKey, &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "not text")?;
    let mut pair = KeypairBytes::from_pkcs8_pem(text).map_err(|_| "not an Ed25519 key as PKCS#8 in PEM")?;
    let key = SecretKey::from_seed(&pair.secret_key);
    pair.secret_key.zeroize();
    match &pair.public_key {
        Some(public) if public.0 != *key.public().as_bytes() => Err("its public half is of another key"),
        _ => Ok(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_as_it_was() {
        let key = SecretKey::from_seed(&[5; 32]);
        assert_eq!(decode(encode(&key).as_bytes()).unwrap().id(), key.id());
    }

    #[test]
    fn what_is_no_key_is_refused_without_showing_it() {
        let other = encode(&SecretKey::from_seed(&[5; 32])).replace("BQUF", "!!!!");
        for text in [b"\xff".as_slice(), b"", other.as_bytes()] {
            assert!(decode(text).is_err_and(|why| !why.contains('!')));
        }
    }
}
