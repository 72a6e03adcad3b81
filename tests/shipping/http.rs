//! A small HTTP server that takes what is posted to it, and is not always well.

use std::io::{self, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What the server does with a request.
pub(crate) enum Answer {
    /// Status and body.
    Say(u16, String),
    /// The connection ends without a word.
    HangUp,
}

pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Server {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(Request) -> Answer + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (ended, connections) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (stop, open, answer) = (Arc::clone(&ended), Arc::clone(&connections), Arc::new(answer));
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(SeqCst) {
                    return;
                }
                open.lock().unwrap().push(stream.try_clone().unwrap());
                let answer = Arc::clone(&answer);
                // A client that is killed leaves its connection in the middle of something.
                thread::spawn(move || serve(stream, &*answer));
            }
        });
        Server { address, ended, connections, thread: Some(thread) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, SeqCst);
        let _ = TcpStream::connect(self.address);
        for connection in self.connections.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn serve(stream: TcpStream, answer: impl Fn(Request) -> Answer) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader, &mut writer)? {
        match answer(request) {
            // One write: a second small one would wait for the receipt of the first.
            Answer::Say(status, body) => writer.write_all(
                format!(
                    "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
                .as_bytes(),
            )?,
            Answer::HangUp => return writer.shutdown(Shutdown::Both),
        }
    }
    Ok(())
}

/// The next request; none where the client went away instead.
fn read(reader: &mut impl io::BufRead, writer: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.split_once(':') else { break };
        match (name.to_ascii_lowercase().as_str(), value.trim()) {
            ("content-length", value) => length = value.parse().map_err(io::Error::other)?,
            ("expect", _) => writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?,
            ("transfer-encoding", value) => return Err(io::Error::other(value.to_owned())),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let method = first.split(' ').next().unwrap_or_default().to_owned();
    Ok(Some(Request { method, body }))
}

/// The lines of a body.
pub(crate) fn lines_of(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}
