//! rsyslog over TCP to what stores the stream as it comes: frames, each with its length before it.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::copy::proves;
use crate::rsyslog::{available, start};
use crate::scenario::killed_under_load;
use crate::source::Source;

#[test]
fn a_stream_of_frames_is_proved_as_it_was_stored() {
    if !available("imfile") {
        return;
    }
    let source = Source::new(|builder| builder.max_file_size(400_000));
    let copy = source.beside("copy");
    let (port, connections) = listen(&copy);
    let port = format!("port=\"{port}\"");
    let theirs = [("collector.example.com", "127.0.0.1"), ("port=\"601\"", port.as_str())];
    let mut shipper = start(&source, "tcp.conf", &theirs);
    let arrived = || connections.lock().unwrap().iter().flat_map(|stream| lines(stream)).collect();
    killed_under_load(&source, &mut shipper, arrived);
    let extra = proves(&source, &arrived(), &copy);
    println!("rsyslog over TCP, {} lines, as frames: {extra:?}", source.emitted());
}

/// Stores what comes, one connection behind the other, and keeps what each of them said.
fn listen(copy: &Path) -> (u16, Arc<Mutex<Vec<Vec<u8>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(Mutex::new(Vec::new()));
    let (taken, mut copy) = (Arc::clone(&connections), File::create(copy).unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            taken.lock().unwrap().push(Vec::new());
            // A shipper that is killed resets its connection.
            let _ = store(stream?, &taken, &mut copy);
        }
        io::Result::Ok(())
    });
    (port, connections)
}

fn store(mut stream: TcpStream, taken: &Mutex<Vec<Vec<u8>>>, copy: &mut File) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        copy.write_all(&buffer[..read])?;
        taken.lock().unwrap().last_mut().expect("a connection").extend(&buffer[..read]);
    }
}

/// The lines in whole frames.
fn lines(mut stream: &[u8]) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    while let Some(space) = stream.iter().position(|byte| *byte == b' ') {
        let length: usize = std::str::from_utf8(&stream[..space]).unwrap().parse().unwrap();
        let Some(frame) = stream[space + 1..].get(..length) else { break };
        let line = frame.iter().position(|byte| *byte == b'{').unwrap();
        lines.push(frame[line..].to_vec());
        stream = &stream[space + 1 + length..];
    }
    lines
}
