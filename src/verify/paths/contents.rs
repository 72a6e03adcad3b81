//! What a file holds, decompressed where it is compressed: as a stream, in memory that does not grow with it.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read, Seek as _, SeekFrom};
use std::path::Path;

#[cfg(feature = "compressed")]
use super::frames::Frames;
use super::listing::{FileId, is_pipe};

pub(super) const GZIP: &[u8] = &[0x1f, 0x8b];
pub(super) const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The bytes of a file of a log, as its writer wrote them: one that begins as gzip or zstd does is decompressed, with
/// the feature `compressed`.
pub struct Contents(Decoder);

type Source = BufReader<Box<dyn Read + Send>>;

enum Decoder {
    Plain(File),
    /// A pipe.
    Stream(Source),
    #[cfg(feature = "compressed")]
    Gzip(Box<flate2::bufread::MultiGzDecoder<Source>>),
    #[cfg(feature = "compressed")]
    Zstd(Box<Frames<Source>>),
}

impl Contents {
    /// Opens a file or a pipe; `-` is the standard input. Links are followed. Blocks until a pipe has a writer.
    ///
    /// # Errors
    ///
    /// What the system says; `InvalidInput` where something else stands there; `Unsupported` where it is compressed,
    /// and this build can't read it.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Contents> {
        let path = path.as_ref();
        if path == Path::new("-") {
            return Contents::read_from(io::stdin());
        }
        if is_pipe(&std::fs::metadata(path)?) {
            return Contents::read_from(File::open(path)?);
        }
        match open_at_once(path)? {
            (file, there) if there.is_file() => Contents::of(file),
            _ => Err(io::Error::new(ErrorKind::InvalidInput, "neither a file nor a pipe")),
        }
    }

    /// Opens a file, unless another stands at its path now.
    pub(super) fn open_the(path: &Path, id: FileId) -> io::Result<Option<Contents>> {
        let (file, there) = match open_at_once(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let is_it = there.is_file() && FileId::of(&there, path) == id;
        is_it.then(|| Contents::of(file)).transpose()
    }

    /// [`Contents::open_the`], where what it holds is what `is_it` expects, which is given the beginning of it.
    pub(super) fn open_where(
        path: &Path,
        id: FileId,
        is_it: impl FnOnce(&mut Contents) -> bool,
    ) -> io::Result<Option<Contents>> {
        let Some(mut contents) = Contents::open_the(path, id)? else { return Ok(None) };
        if !is_it(&mut contents) {
            return Ok(None);
        }
        if let Decoder::Plain(file) = &mut contents.0 {
            file.rewind()?;
            return Ok(Some(contents));
        }
        Contents::open_the(path, id)
    }

    /// What a reader gives.
    ///
    /// # Errors
    ///
    /// What it says; `Unsupported` where it is compressed, and this build can't read it.
    pub fn read_from(mut reader: impl Read + Send + 'static) -> io::Result<Contents> {
        let mut start = Vec::new();
        read_up_to(&mut reader, &mut start, 0, ZSTD.len())?;
        let all = Cursor::new(start.clone()).chain(reader);
        Contents::decoded(&start, Box::new(all), Decoder::Stream)
    }

    fn of(mut file: File) -> io::Result<Contents> {
        let mut start = Vec::new();
        read_up_to(&mut file, &mut start, 0, ZSTD.len())?;
        file.rewind()?;
        if start.starts_with(GZIP) || start.starts_with(ZSTD) {
            return Contents::decoded(&start, Box::new(file), Decoder::Stream);
        }
        Ok(Contents(Decoder::Plain(file)))
    }

    fn decoded(
        start: &[u8],
        all: Box<dyn Read + Send>,
        plain: impl FnOnce(Source) -> Decoder,
    ) -> io::Result<Contents> {
        let all = BufReader::new(all);
        if start.starts_with(GZIP) {
            return gzip(all);
        }
        if start.starts_with(ZSTD) {
            return zstd(all);
        }
        Ok(Contents(plain(all)))
    }

    /// Whether the file's own bytes are others than these.
    pub fn is_compressed(&self) -> bool {
        !matches!(self.0, Decoder::Plain(_) | Decoder::Stream(_))
    }

    /// The file's length now, where it isn't compressed: one that is written grows.
    pub(super) fn length(&self) -> io::Result<Option<u64>> {
        let Decoder::Plain(file) = &self.0 else { return Ok(None) };
        Ok(Some(file.metadata()?.len()))
    }

    /// Goes to a place in a file that isn't compressed.
    pub(super) fn seek(&mut self, offset: u64) -> io::Result<()> {
        let Decoder::Plain(file) = &mut self.0 else { return Err(ErrorKind::Unsupported.into()) };
        file.seek(SeekFrom::Start(offset)).map(drop)
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
                Decoder::Stream(stream) => stream.read(buffer),
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

/// Reads behind the first `kept` bytes until there are so many, or no more, each time as much as there is room for. Where it
/// fails, what came stays.
pub(super) fn read_up_to(
    reader: &mut impl Read,
    bytes: &mut Vec<u8>,
    kept: usize,
    up_to: usize,
) -> io::Result<()> {
    let mut filled = kept;
    bytes.resize(up_to.max(kept), 0);
    let mut ended = Ok(());
    while filled < bytes.len() {
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                ended = Err(error);
                break;
            }
        }
    }
    bytes.truncate(filled);
    ended
}

#[cfg(feature = "compressed")]
#[allow(clippy::unnecessary_wraps)] // as it is where it can't be read
fn gzip(source: Source) -> io::Result<Contents> {
    Ok(Contents(Decoder::Gzip(Box::new(flate2::bufread::MultiGzDecoder::new(source)))))
}

#[cfg(feature = "compressed")]
#[allow(clippy::unnecessary_wraps)]
fn zstd(source: Source) -> io::Result<Contents> {
    Ok(Contents(Decoder::Zstd(Box::new(Frames::new(source)))))
}

#[cfg(not(feature = "compressed"))]
use {unsupported as gzip, unsupported as zstd};

/// To pass the file over would make a whole log look torn apart.
#[cfg(not(feature = "compressed"))]
fn unsupported(_: Source) -> io::Result<Contents> {
    let why = "compressed; built with the feature `compressed`, this reads it";
    Err(io::Error::new(ErrorKind::Unsupported, why))
}

/// Opens what stands there, waiting for nobody at the other end of a pipe.
fn open_at_once(path: &Path) -> io::Result<(File, std::fs::Metadata)> {
    let mut options = File::options();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.read(true).open(path)?;
    let there = file.metadata()?;
    Ok((file, there))
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
    use std::fs;

    use super::*;

    fn identified(path: &Path) -> FileId {
        FileId::of(&fs::metadata(path).unwrap(), path)
    }

    #[test]
    fn a_file_is_opened_only_where_no_other_took_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "{}\n").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let id = identified(&file);
        assert!(Contents::open_the(&file, id).unwrap().is_some());
        assert!(Contents::open_the(&link, id).unwrap().is_some());
        fs::rename(&file, folder.path().join("other")).unwrap();
        assert!(Contents::open_the(&file, id).unwrap().is_none());
        fs::write(&file, "{}\n").unwrap();
        assert!(Contents::open_the(&file, id).unwrap().is_none());
        fs::remove_file(&file).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
        assert!(Contents::open_the(&file, id).unwrap().is_none());
        assert_eq!(Contents::open(folder.path()).err().unwrap().kind(), ErrorKind::InvalidInput);
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
        let contents = gzip(BufReader::new(Box::new(file))).unwrap();
        assert!(contents.is_damage(&io::Error::other("damage")));
        assert!(!contents.is_damage(&io::Error::from_raw_os_error(5)));
    }

    #[test]
    fn what_is_no_file_and_what_is_not_there_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(Contents::open(&path).is_err());
        let nowhere = Contents::open(folder.path().join("nowhere")).err().unwrap();
        assert_eq!(nowhere.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn what_the_disk_says_is_told_from_what_a_decoder_says() {
        let disk = io::Error::from_raw_os_error(5);
        assert!(is_of_disk(&disk) && is_of_disk(&io::Error::other(disk)));
        assert!(!is_of_disk(&io::Error::new(ErrorKind::UnexpectedEof, "torn")));
    }
}
