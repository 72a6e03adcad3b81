//! What a file holds, decompressed where it is compressed: as a stream, in memory that does not grow with it.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek as _, SeekFrom};
use std::path::Path;

#[cfg(feature = "compressed")]
use super::frames::Frames;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The bytes of a file of a log, as its writer wrote them: one that begins as gzip or zstd does is decompressed, with
/// the feature `compressed`.
pub struct Contents(Decoder);

enum Decoder {
    Plain(File),
    #[cfg(feature = "compressed")]
    Gzip(Box<flate2::bufread::MultiGzDecoder<io::BufReader<File>>>),
    #[cfg(feature = "compressed")]
    Zstd(Box<Frames<io::BufReader<File>>>),
}

/// What stands at a path.
pub(super) enum Opened {
    File(Contents),
    Link,
    /// A pipe, a device, a folder.
    Special,
}

impl Contents {
    /// Opens a file, and nothing else: a link is not followed, and nobody is waited for at the other end of a pipe.
    ///
    /// # Errors
    ///
    /// What the system says; `InvalidInput` where no ordinary file stands there; `Unsupported` where it is compressed,
    /// and this build can't read it.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Contents> {
        let no_file = |what| Err(io::Error::new(ErrorKind::InvalidInput, what));
        match Opened::at(path.as_ref())? {
            Opened::File(contents) => Ok(contents),
            Opened::Link => no_file("a link, which is not followed"),
            Opened::Special => no_file("not an ordinary file"),
        }
    }

    /// Whether the file's own bytes are others than these.
    pub fn is_compressed(&self) -> bool {
        !matches!(self.0, Decoder::Plain(_))
    }

    /// The file's length now, where it isn't compressed: one that is written grows.
    pub(super) fn length(&self) -> io::Result<Option<u64>> {
        match &self.0 {
            Decoder::Plain(file) => Ok(Some(file.metadata()?.len())),
            #[cfg(feature = "compressed")]
            Decoder::Gzip(_) | Decoder::Zstd(_) => Ok(None),
        }
    }

    /// Goes to a place in a file that isn't compressed.
    pub(super) fn seek(&mut self, offset: u64) -> io::Result<()> {
        match &mut self.0 {
            Decoder::Plain(file) => file.seek(SeekFrom::Start(offset)).map(drop),
            #[cfg(feature = "compressed")]
            Decoder::Gzip(_) | Decoder::Zstd(_) => Err(ErrorKind::Unsupported.into()),
        }
    }

    /// Whether a read failed for what is in the file, and not for the disk.
    pub(crate) fn is_damage(&self, error: &io::Error) -> bool {
        self.is_compressed() && !is_of_disk(error)
    }
}

impl Read for Contents {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = match &mut self.0 {
                Decoder::Plain(file) => file.read(buffer),
                #[cfg(feature = "compressed")]
                Decoder::Gzip(decoder) => decoder.read(buffer),
                #[cfg(feature = "compressed")]
                Decoder::Zstd(frames) => frames.read(buffer),
            };
            match read {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

impl Opened {
    pub(super) fn at(path: &Path) -> io::Result<Opened> {
        let file = match open_unfollowed(path) {
            Ok(file) => file,
            // The errors of a link in the way differ between systems, and those of a socket do.
            Err(error) => {
                return match fs::symlink_metadata(path).map(|there| there.file_type()) {
                    Ok(kind) if kind.is_symlink() => Ok(Opened::Link),
                    Ok(kind) if !kind.is_file() && !kind.is_dir() => Ok(Opened::Special),
                    _ => Err(error),
                };
            }
        };
        if !file.metadata()?.is_file() {
            return Ok(Opened::Special);
        }
        Contents::of(file).map(Opened::File)
    }
}

impl Contents {
    fn of(mut file: File) -> io::Result<Contents> {
        let mut start = Vec::new();
        (&mut file).take(ZSTD.len() as u64).read_to_end(&mut start)?;
        file.rewind()?;
        if start.starts_with(GZIP) {
            return gzip(file);
        }
        if start.starts_with(ZSTD) {
            return zstd(file);
        }
        Ok(Contents(Decoder::Plain(file)))
    }
}

#[cfg(feature = "compressed")]
#[allow(clippy::unnecessary_wraps)] // as it is where it can't be read
fn gzip(file: File) -> io::Result<Contents> {
    let decoder = flate2::bufread::MultiGzDecoder::new(io::BufReader::new(file));
    Ok(Contents(Decoder::Gzip(Box::new(decoder))))
}

#[cfg(feature = "compressed")]
#[allow(clippy::unnecessary_wraps)]
fn zstd(file: File) -> io::Result<Contents> {
    Ok(Contents(Decoder::Zstd(Box::new(Frames::new(io::BufReader::new(file))))))
}

#[cfg(not(feature = "compressed"))]
use {unsupported as gzip, unsupported as zstd};

/// To pass the file over would make a whole log look torn apart.
#[cfg(not(feature = "compressed"))]
fn unsupported(_: File) -> io::Result<Contents> {
    let why = "compressed; built with the feature `compressed`, this reads it";
    Err(io::Error::new(ErrorKind::Unsupported, why))
}

#[cfg(unix)]
fn open_unfollowed(path: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open_unfollowed(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "a link"));
    }
    File::open(path)
}

/// Whether the system is behind an error: decoders wrap it.
fn is_of_disk(error: &(dyn Error + 'static)) -> bool {
    let of_system = |error: &io::Error| match error.get_ref() {
        Some(inner) => is_of_disk(inner),
        None => error.raw_os_error().is_some(),
    };
    error.downcast_ref::<io::Error>().is_some_and(of_system) || error.source().is_some_and(is_of_disk)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_was_swapped_in_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "{}\n").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(matches!(Opened::at(&link), Ok(Opened::Link)));
        assert!(matches!(Opened::at(folder.path()), Ok(Opened::Special)));
        assert_eq!(Contents::open(&link).err().unwrap().kind(), ErrorKind::InvalidInput);
        assert_eq!(
            open_unfollowed(&link).unwrap_err().raw_os_error(),
            Some(rustix::io::Errno::LOOP.raw_os_error())
        );
    }

    #[test]
    #[cfg(not(feature = "compressed"))]
    fn what_this_build_can_not_read_is_an_error_and_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        for (start, name) in [(GZIP, "audit.gz"), (ZSTD, "audit.zst")] {
            fs::write(folder.path().join(name), [start, b"rest"].concat()).unwrap();
            let error = Contents::open(folder.path().join(name)).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            let report = crate::verify::verify_paths(&[folder.path()], &crate::verify::Options::default());
            assert_eq!(report.unwrap_err().error.kind(), ErrorKind::Unsupported);
        }
    }

    #[test]
    fn a_read_that_fails_is_no_damage_of_a_plain_file() {
        // Of a folder nothing can be read.
        let folder = tempfile::tempdir().unwrap();
        let mut contents = Contents(Decoder::Plain(File::open(folder.path()).unwrap()));
        let error = contents.read(&mut [0]).unwrap_err();
        assert!(!contents.is_damage(&error));
        assert!(!contents.is_damage(&io::Error::other("damage")));
    }

    #[test]
    #[cfg(feature = "compressed")]
    fn a_read_that_the_disk_fails_is_no_damage_of_a_compressed_file() {
        let file = tempfile::tempfile().unwrap();
        let contents = gzip(file).unwrap();
        assert!(contents.is_damage(&io::Error::other("damage")));
        assert!(!contents.is_damage(&io::Error::from_raw_os_error(5)));
    }

    #[test]
    fn a_socket_is_special_and_what_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(matches!(Opened::at(&path), Ok(Opened::Special)));
        let nowhere = Opened::at(&folder.path().join("nowhere")).err().unwrap();
        assert_eq!(nowhere.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn what_the_disk_says_is_told_from_what_a_decoder_says() {
        let disk = io::Error::from_raw_os_error(5);
        assert!(is_of_disk(&disk) && is_of_disk(&io::Error::other(disk)));
        assert!(!is_of_disk(&io::Error::new(ErrorKind::UnexpectedEof, "torn")));
    }
}
