//! Ed25519 keys and signatures in the forms that the format has for them.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use super::hash::{Hash, Hasher, parse_lower_hex};

/// What each signed message begins with, so that a signature of a line can never pass for another of the same key.
const LINE_CONTEXT: &[u8; 22] = b"tracing-audit/v1/line\n";

/// Length of a signature in base64.
pub(super) const SIGNATURE_TEXT: usize = 88;

/// Names a key: the first 8 bytes of SHA-256(raw public key), written as 16 lower-case hex digits.
/// The id of a log is the id of its first key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// From 16 lower-case hex digits; nothing else is taken.
    pub fn parse(hex: &[u8]) -> Option<KeyId> {
        let mut bytes = [0; 8];
        parse_lower_hex(hex, &mut bytes).then_some(KeyId(bytes))
    }

    /// The raw 8 bytes.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    pub(super) fn write_to(self, out: &mut Vec<u8>) {
        let mut text = [0; 16];
        const_hex::encode_to_slice(self.0, &mut text).expect("16 digits for 8 bytes");
        out.extend_from_slice(&text);
    }
}

impl From<[u8; 8]> for KeyId {
    fn from(bytes: [u8; 8]) -> KeyId {
        KeyId(bytes)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(const_hex::Buffer::<8>::new().format(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<KeyId, D::Error> {
        let text = String::deserialize(deserializer)?;
        KeyId::parse(text.as_bytes()).ok_or_else(|| de::Error::custom("expected a key id of 16 hex digits"))
    }
}

/// An Ed25519 public key. Written as the base64 (standard, padded, 44 characters) of its raw 32 bytes:
/// this text is what an operator pins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// From raw bytes. `None` where they are no point of the curve, or one of small order, which no signer would have.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<PublicKey> {
        PublicKey::checked(bytes).ok()
    }

    fn checked(bytes: &[u8; 32]) -> Result<PublicKey, InvalidPublicKey> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| InvalidPublicKey::NoPoint)?;
        if key.is_weak() { Err(InvalidPublicKey::SmallOrder) } else { Ok(PublicKey(key)) }
    }

    /// The raw 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The name that lines give this key.
    pub fn id(&self) -> KeyId {
        let digest: [u8; 32] = Sha256::digest(self.as_bytes()).into();
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        KeyId(id)
    }

    /// Whether `signature` is this key's for the unsigned form U of a line, given in parts.
    /// By the strict rules of RFC 8032: no small order, canonical encodings only.
    pub(super) fn verifies(&self, unsigned: &[&[u8]], signature: &[u8; 64]) -> bool {
        self.verifies_hash(unsigned_hash(unsigned), signature)
    }

    /// As [`PublicKey::verifies`], given SHA-256(U).
    pub(crate) fn verifies_hash(&self, unsigned: Hash, signature: &[u8; 64]) -> bool {
        self.verifies_message(&line_message(unsigned), signature)
    }

    /// As [`PublicKey::verifies`], given the whole message, which begins with its context.
    pub(super) fn verifies_message(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }
}

impl FromStr for PublicKey {
    type Err = InvalidPublicKey;

    fn from_str(text: &str) -> Result<PublicKey, InvalidPublicKey> {
        let mut bytes = [0; 32];
        match STANDARD.decode_slice(text, &mut bytes) {
            Ok(32) => PublicKey::checked(&bytes),
            _ => Err(match STANDARD.decode(text) {
                Ok(bytes) => InvalidPublicKey::Length { bytes: bytes.len() },
                Err(_) => InvalidPublicKey::NotBase64,
            }),
        }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PublicKey, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Why a text is no public key. `{:#}` has the reason alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidPublicKey {
    /// It is no base64, of the standard alphabet and padded.
    NotBase64,
    /// It is the base64 of more bytes than 32, or of fewer.
    Length {
        /// So many.
        bytes: usize,
    },
    /// Its 32 bytes are no point of the curve.
    NoPoint,
    /// Its 32 bytes are a point of small order, which no signer has.
    SmallOrder,
}

impl fmt::Display for InvalidPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            f.write_str("expected an Ed25519 public key, the base64 (44 characters) of its 32 bytes: this ")?;
        }
        match self {
            InvalidPublicKey::NotBase64 => f.write_str("is no base64 (standard alphabet, padded)"),
            InvalidPublicKey::Length { bytes: 1 } => f.write_str("is the base64 of 1 byte"),
            InvalidPublicKey::Length { bytes } => write!(f, "is the base64 of {bytes} bytes"),
            InvalidPublicKey::NoPoint => f.write_str("has 32 bytes that are no point of the curve"),
            InvalidPublicKey::SmallOrder => {
                f.write_str("has 32 bytes that are a point of small order: anybody can sign for it")
            }
        }
    }
}

impl std::error::Error for InvalidPublicKey {}

/// An Ed25519 secret key. Wiped from memory when dropped; `Debug` shows only the public half.
pub struct SecretKey {
    /// In one place of the heap: a value that is moved leaves a copy behind that nobody wipes.
    signing: Box<SigningKey>,
    id: KeyId,
}

impl SecretKey {
    /// From the 32 bytes of a seed (RFC 8032, section 5.1.5). The caller wipes its own copy.
    pub fn from_seed(seed: &[u8; 32]) -> SecretKey {
        SecretKey::from(SigningKey::from_bytes(seed))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.signing.verifying_key())
    }

    /// The name that lines give this key.
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn seed(&self) -> &[u8; 32] {
        self.signing.as_bytes()
    }

    pub(super) fn sign(&self, unsigned: &[&[u8]]) -> [u8; 64] {
        self.sign_message(&line_message(unsigned_hash(unsigned)))
    }

    /// Signs a whole message, which begins with its context.
    pub(super) fn sign_message(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }
}

impl From<SigningKey> for SecretKey {
    fn from(signing: SigningKey) -> SecretKey {
        let id = PublicKey(signing.verifying_key()).id();
        SecretKey { signing: Box::new(signing), id }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("public", &self.public()).finish_non_exhaustive()
    }
}

/// The 54 bytes that a key signs for a line: the context, then SHA-256(U).
fn line_message(unsigned: Hash) -> [u8; 54] {
    let mut message = [0; 54];
    message[..22].copy_from_slice(LINE_CONTEXT);
    message[22..].copy_from_slice(unsigned.as_bytes());
    message
}

/// SHA-256(U), of U in parts.
pub(super) fn unsigned_hash(unsigned: &[&[u8]]) -> Hash {
    let mut hasher = Hasher::default();
    for part in unsigned {
        hasher.update(part);
    }
    hasher.finish()
}

pub(super) fn write_signature(signature: &[u8; 64], out: &mut Vec<u8>) {
    let mut text = [0; SIGNATURE_TEXT];
    STANDARD.encode_slice(signature, &mut text).expect("88 characters for 64 bytes");
    out.extend_from_slice(&text);
}

/// Canonical base64 only: 88 characters, no stray bits under the padding.
pub(super) fn parse_signature(text: &[u8]) -> Option<[u8; 64]> {
    let mut bytes = [0; 64];
    (text.len() == SIGNATURE_TEXT && STANDARD.decode_slice(text, &mut bytes).ok()? == 64).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_never_shows() {
        let key = SecretKey::from_seed(&[7; 32]);
        let shown = format!("{key:?}");
        assert!(shown.contains(&key.public().to_string()));
        assert!(!shown.contains(&STANDARD.encode([7; 32])) && !shown.contains("07"), "{shown}");
    }

    #[test]
    fn a_public_key_of_small_order_is_none() {
        let identity = { [1u8].into_iter().chain([0; 31]).collect::<Vec<_>>() };
        assert_eq!(PublicKey::from_bytes(identity.as_slice().try_into().unwrap()), None);
    }

    #[test]
    fn what_is_no_public_key_is_told_why() {
        let small_order = STANDARD.encode([1u8].into_iter().chain([0; 31]).collect::<Vec<_>>());
        let no_point = STANDARD.encode([2u8].into_iter().chain([0; 31]).collect::<Vec<_>>());
        for (text, why, said) in [
            ("", InvalidPublicKey::Length { bytes: 0 }, "is the base64 of 0 bytes"),
            ("AA==", InvalidPublicKey::Length { bytes: 1 }, "is the base64 of 1 byte"),
            (&*STANDARD.encode([7; 33]), InvalidPublicKey::Length { bytes: 33 }, "is the base64 of 33 bytes"),
            (&*"!".repeat(44), InvalidPublicKey::NotBase64, "is no base64 (standard alphabet, padded)"),
            ("no key", InvalidPublicKey::NotBase64, "is no base64 (standard alphabet, padded)"),
            // As URLs have it.
            (
                "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WE_-",
                InvalidPublicKey::NotBase64,
                "is no base64 (standard alphabet, padded)",
            ),
            (&*no_point, InvalidPublicKey::NoPoint, "has 32 bytes that are no point of the curve"),
            (
                &*small_order,
                InvalidPublicKey::SmallOrder,
                "has 32 bytes that are a point of small order: anybody can sign for it",
            ),
        ] {
            assert_eq!(text.parse::<PublicKey>(), Err(why), "{text}");
            assert_eq!(format!("{why:#}"), said);
            let expected =
                "expected an Ed25519 public key, the base64 (44 characters) of its 32 bytes: this ";
            assert_eq!(why.to_string(), format!("{expected}{said}"));
        }
    }

    #[test]
    fn an_id_is_sixteen_digits_of_eight_bytes() {
        let id = SecretKey::from_seed(&[7; 32]).id();
        assert_eq!(id.to_string(), const_hex::encode(id.as_bytes()));
        assert_eq!(KeyId::parse(id.to_string().as_bytes()), Some(KeyId::from(*id.as_bytes())));
        for wrong in ["", "0", &"0".repeat(15), &"0".repeat(17), &"A".repeat(16), &"g".repeat(16)] {
            assert_eq!(KeyId::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn a_signature_is_of_one_line_and_one_key() {
        let (key, other) = (SecretKey::from_seed(&[7; 32]), SecretKey::from_seed(&[8; 32]));
        assert_eq!((key.seed(), other.seed()), (&[7; 32], &[8; 32]));
        let (line, another) = ([&b"{\"a\":"[..], b"1}"], [&b"{\"a\":2}"[..]]);
        let signature = key.sign(&line);
        // However U is parted; and what is signed is what the format says.
        let message = [&LINE_CONTEXT[..], Hash::of_bytes(b"{\"a\":1}").as_bytes()].concat();
        assert_eq!(signature, key.sign_message(&message));
        assert!(
            key.public().verifies(&line, &signature) && key.public().verifies(&[b"{\"a\":1}"], &signature)
        );
        assert!(!key.public().verifies(&another, &signature) && !other.public().verifies(&line, &signature));
        assert!(!key.public().verifies_hash(Hash::ZERO, &signature));
    }

    #[test]
    fn base64_with_stray_bits_is_no_signature() {
        let text = STANDARD.encode([1; 64]);
        assert_eq!(parse_signature(text.as_bytes()), Some([1; 64]));
        let stray = text.replace("AQ==", "AR==");
        assert_ne!(stray, text);
        assert_eq!(parse_signature(stray.as_bytes()), None);
    }
}
