//! Endorsements: a fleet's key, kept off the hosts, says that a log's first key belongs to an origin.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::hash::Hash;
use super::key::{KeyId, PublicKey, SecretKey, parse_signature, write_signature};

/// What the signed message begins with: no signature of a line can pass for an endorsement, nor the other way round.
const CONTEXT: &[u8; 29] = b"tracing-audit/v1/endorsement\n";

/// What the first genesis of an endorsed log has as `fleet`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endorsement {
    /// The key that endorses.
    pub public_key: PublicKey,
    signature: EndorsementSignature,
}

impl Endorsement {
    /// Whether the signature is this fleet key's, by the strict rules, for a log of this first key and origin. Whether
    /// that fleet key is to be trusted is another question.
    pub fn endorses(&self, first: PublicKey, origin: &str) -> bool {
        self.public_key.verifies_message(&message(first, origin), &self.signature.0)
    }
}

/// A log's first key with its endorsement: what `keys endorse` prints, on one line, and a key store keeps until the log
/// begins.
///
/// ```json
/// {"fleet":{"public_key":"zBJc…","signature":"7zej…"},"origin":"example.com/payments","public_key":"Fss6…"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndorsedKey {
    fleet: Endorsement,
    origin: String,
    public_key: PublicKey,
}

impl EndorsedKey {
    /// Endorses the first key of a log that is to be written under this name.
    pub fn sign(fleet: &SecretKey, origin: &str, first: PublicKey) -> EndorsedKey {
        let signature = EndorsementSignature(fleet.sign_message(&message(first, origin)));
        let fleet = Endorsement { public_key: fleet.public(), signature };
        EndorsedKey { fleet, origin: origin.to_owned(), public_key: first }
    }

    /// What the log's first genesis has.
    pub fn endorsement(&self) -> &Endorsement {
        &self.fleet
    }

    /// The name that the log must have.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The log's first key.
    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// The log's id.
    pub fn log(&self) -> KeyId {
        self.public_key.id()
    }
}

impl fmt::Display for EndorsedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for EndorsedKey {
    type Err = InvalidEndorsement;

    fn from_str(text: &str) -> Result<EndorsedKey, InvalidEndorsement> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Says {
            fleet: Endorsement,
            origin: String,
            public_key: PublicKey,
        }
        let Says { fleet, origin, public_key } =
            serde_json::from_str(text).map_err(|_| InvalidEndorsement::Malformed)?;
        match fleet.endorses(public_key, &origin) {
            true => Ok(EndorsedKey { fleet, origin, public_key }),
            false => Err(InvalidEndorsement::Signature),
        }
    }
}

/// The 93 bytes that a fleet key signs: the context, the raw first key, the plain SHA-256 of the origin.
fn message(first: PublicKey, origin: &str) -> [u8; 93] {
    let mut message = [0; 93];
    message[..29].copy_from_slice(CONTEXT);
    message[29..61].copy_from_slice(first.as_bytes());
    message[61..].copy_from_slice(Hash::of_bytes(origin.as_bytes()).as_bytes());
    message
}

/// Written as base64, 88 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct EndorsementSignature([u8; 64]);

impl Serialize for EndorsementSignature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Vec::new();
        write_signature(&self.0, &mut text);
        serializer.collect_str(&String::from_utf8_lossy(&text))
    }
}

impl<'de> Deserialize<'de> for EndorsementSignature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<EndorsementSignature, D::Error> {
        let text = String::deserialize(deserializer)?;
        let signature = parse_signature(text.as_bytes());
        signature.map(EndorsementSignature).ok_or_else(|| de::Error::custom("expected a signature in base64"))
    }
}

/// A text that is no endorsement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidEndorsement {
    /// Not the JSON that it should be.
    Malformed,
    /// The signature is not the named fleet key's for this key and origin.
    Signature,
}

impl fmt::Display for InvalidEndorsement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InvalidEndorsement::Malformed => "expected the line that `keys endorse` prints, whole",
            InvalidEndorsement::Signature => {
                "the signature is not that of the fleet key it names, for this key and origin"
            }
        })
    }
}

impl std::error::Error for InvalidEndorsement {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of `docs/FORMAT.md`.
    const VECTOR: &str = include_str!("../../tests/vectors/endorsement.json");

    fn fleet() -> SecretKey {
        SecretKey::from_seed(Hash::of_bytes(b"example fleet key").as_bytes())
    }

    fn first() -> PublicKey {
        "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=".parse().unwrap()
    }

    #[test]
    fn the_vector_is_what_is_signed_and_comes_back() {
        let made = EndorsedKey::sign(&fleet(), "example.com/payments", first());
        assert_eq!(made.to_string(), VECTOR.trim_end());
        assert_eq!(
            (made.origin(), made.public_key(), made.log()),
            ("example.com/payments", first(), first().id())
        );
        assert_eq!(VECTOR.parse(), Ok(made));
        let page = include_str!("../../docs/FORMAT.md");
        let EndorsedKey { fleet, .. } = VECTOR.parse().unwrap();
        let signature = serde_json::to_string(&fleet.signature).unwrap();
        for said in [&fleet.public_key.to_string(), signature.trim_matches('"')] {
            assert!(page.contains(said), "{said}");
        }
    }

    #[test]
    fn an_endorsement_is_of_one_key_and_one_origin() {
        let made = EndorsedKey::sign(&fleet(), "example.com/payments", first());
        assert!(made.endorsement().endorses(first(), "example.com/payments"));
        assert!(!made.endorsement().endorses(first(), "example.com/orders"));
        assert!(!made.endorsement().endorses(fleet().public(), "example.com/payments"));
        for (from, to) in
            [("payments", "orders"), ("\"fleet\":{", "\"fleet\":{\"more\":1,"), ("zBJc", "AAAA")]
        {
            let text = VECTOR.replace(from, to);
            assert_ne!(text, VECTOR);
            let parsed = text.parse::<EndorsedKey>();
            // Members of `fleet` that a later version adds change nothing.
            assert_eq!(parsed.is_ok(), from == "\"fleet\":{", "{text}");
        }
        let says = |text: &str| text.parse::<EndorsedKey>().unwrap_err().to_string();
        assert_eq!(says("{}"), "expected the line that `keys endorse` prints, whole");
        let of_another = says(&VECTOR.replace("payments", "orders"));
        assert_eq!(
            of_another,
            "the signature is not that of the fleet key it names, for this key and origin"
        );
    }

    #[test]
    fn every_flipped_bit_of_a_signature_is_refused() {
        let made = EndorsedKey::sign(&fleet(), "example.com/payments", first());
        for bit in 0..512 {
            let mut fleet = made.fleet.clone();
            fleet.signature.0[bit / 8] ^= 1 << (bit % 8);
            assert!(!fleet.endorses(first(), "example.com/payments"), "bit {bit}");
        }
    }
}
