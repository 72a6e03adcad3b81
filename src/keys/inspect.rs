//! What a store holds, looked at from outside: without its lock, its secrets, or any change.

use std::io::ErrorKind::NotFound;
use std::path::Path;

use super::contents::{
    HEAD, NOT_OF_FIRST_KEY, PIN, epoch_of, io, key_name, read_key, read_pin, refuse_exposed,
};
use super::{Head, KeyStoreError, endorse};
use crate::files::{Access, FileSystem};
use crate::trail::{EndorsedKey, Hash, KeyId, PublicKey, Timestamp};

/// What a key store holds, but for its secrets: [`KeyStore::inspect`](super::KeyStore::inspect).
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Inspection {
    /// The log's first public key: what an operator pins.
    pub pin: Option<PublicKey>,
    /// What a fleet's key says of it, where one endorsed it.
    pub endorsed: Option<EndorsedKey>,
    /// The keys that can be read, by epoch. While one hands over, the next one is there too.
    pub keys: Vec<StoredKey>,
    /// Where the next start goes on; none before the log's first one.
    pub head: Option<StoredHead>,
    /// What is wrong with the store. Some of it refuses a start; none of it can be repaired by one.
    pub problems: Vec<KeyStoreError>,
}

/// The public half of a key in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredKey {
    /// Its number.
    pub epoch: u64,
    /// Its name in the lines that it signs.
    pub id: KeyId,
    /// Whether it signs the line behind the head.
    pub in_force: bool,
}

/// The last synced signed line that a store knows of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredHead {
    /// Its number in the log.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
    /// The number of its file.
    pub file: u64,
    /// The name of its file.
    pub name: String,
    /// Where it ends in its file, behind its newline.
    pub bytes: u64,
    /// The number of the key that signs the line behind it.
    pub epoch: u64,
    /// When that key's time began.
    pub epoch_start: Timestamp,
}

pub(super) fn inspect<F: FileSystem>(files: &F, folder: &Path, access: Access) -> Inspection {
    let mut found = Inspection::default();
    found.look(files, folder, access).unwrap_or_else(|error| found.problems.push(error));
    found
}

impl Inspection {
    /// Goes on behind a problem where it can.
    fn look<F: FileSystem>(&mut self, files: &F, folder: &Path, access: Access) -> Result<(), KeyStoreError> {
        let names = files.list(folder).map_err(io("list", folder))?;
        self.heed(refuse_exposed(files, folder, access));
        self.pin = self.heed(read_pin(files, &folder.join(PIN)));
        if let Some(pin) = self.pin {
            self.endorsed = self.heed(endorse::read(files, folder, pin)).flatten();
        }
        self.head = self.heed(Head::read(files, &folder.join(HEAD))).flatten().map(StoredHead::from);

        let mut epochs: Vec<u64> = names.iter().filter_map(|name| epoch_of(name)).collect();
        epochs.sort_unstable();
        match *epochs {
            [] => self.problems.push(KeyStoreError::KeyMissing { folder: folder.to_owned() }),
            [_] => {}
            [epoch, next] if next == epoch + 1 => {}
            [..] => {
                let folder = folder.to_owned();
                self.problems.push(KeyStoreError::SeveralKeys { folder, epochs: epochs.clone() });
            }
        }
        if epochs.first().is_some_and(|epoch| *epoch > 0) && !names.iter().any(|name| name == HEAD) {
            self.problems.push(KeyStoreError::HeadMissing { folder: folder.to_owned() });
        }
        let in_force = self.head.as_ref().map(|head| head.epoch).filter(|epoch| epochs.contains(epoch));
        let in_force = in_force.or_else(|| epochs.first().copied());
        for epoch in epochs {
            let path = folder.join(key_name(epoch));
            let key = read_key(files, &path, access);
            // A hand-off may have removed it meanwhile.
            if matches!(&key, Err(KeyStoreError::Io { error, .. }) if error.kind() == NotFound) {
                continue;
            }
            let Some(key) = self.heed(key) else { continue };
            if epoch == 0 && self.pin.is_some_and(|pin| pin != key.public()) {
                let (path, why) = (folder.join(PIN), NOT_OF_FIRST_KEY);
                self.problems.push(KeyStoreError::Malformed { path, why });
            }
            self.keys.push(StoredKey { epoch, id: key.id(), in_force: in_force == Some(epoch) });
        }
        Ok(())
    }

    fn heed<T>(&mut self, found: Result<T, KeyStoreError>) -> Option<T> {
        found.map_err(|error| self.problems.push(error)).ok()
    }
}

impl From<Head> for StoredHead {
    fn from(head: Head) -> StoredHead {
        let Head { seq, hash, epoch, file, name, bytes, epoch_start, .. } = head;
        StoredHead { seq, hash, file, name, bytes, epoch, epoch_start }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::*;
    use crate::files::memory::MemoryFiles;
    use crate::files::store;

    fn folder() -> &'static Path {
        Path::new("/var/lib/app/audit-keys")
    }

    #[test]
    fn a_store_is_looked_at_while_it_is_held_and_hands_over() {
        let files = MemoryFiles::default();
        let mut held = Store::open_or_create(&files, folder()).unwrap();
        let next = held.prepare_next().unwrap();
        let found = inspect(&files, folder(), Access::Private);
        assert!(found.problems.is_empty() && found.head.is_none(), "{found:?}");
        assert_eq!(found.pin, Some(held.pin()));
        let key = |epoch, id, in_force| StoredKey { epoch, id, in_force };
        assert_eq!(found.keys, [key(0, held.pin().id(), true), key(1, next.id(), false)]);
    }

    #[test]
    fn every_problem_is_named() {
        let files = MemoryFiles::default();
        let found = inspect(&files, folder(), Access::Private);
        assert!(matches!(found.problems[0], KeyStoreError::Io { .. }), "{found:?}");

        drop(Store::open_or_create(&files, folder()).unwrap());
        let other = "zBJc7o6wMkl6ZooqeDG0qydPiq8s3Y9d6o86dO57WEQ=\n";
        store(&files, &folder().join(PIN), Access::Private, other.as_bytes()).unwrap();
        store(&files, &folder().join(HEAD), Access::Private, b"{}").unwrap();
        store(&files, &folder().join("epoch-7.pem"), Access::Private, b"no key").unwrap();
        let found = inspect(&files, folder(), Access::Private);
        let of_file = |name| {
            let is = |error: &&KeyStoreError| matches!(error, KeyStoreError::Malformed { path, .. } if path.ends_with(name));
            found.problems.iter().filter(is).count()
        };
        assert_eq!((of_file(PIN), of_file(HEAD), of_file("epoch-7.pem")), (1, 1, 1), "{found:?}");
        assert!(found.problems.iter().any(|error| matches!(error, KeyStoreError::SeveralKeys { .. })));

        files.remove(&folder().join("epoch-0.pem")).unwrap();
        files.remove(&folder().join("epoch-7.pem")).unwrap();
        let found = inspect(&files, folder(), Access::Private);
        assert!(found.problems.iter().any(|error| matches!(error, KeyStoreError::KeyMissing { .. })));
    }
}
