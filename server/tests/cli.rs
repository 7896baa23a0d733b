//! The program as a person or a script meets it: its commands, its messages, its exit codes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A v1 update: client 1 writes "hi" into the root type "t".
const UPDATE: &[u8] = &[1, 1, 1, 0, 4, 1, 1, b't', 2, b'h', b'i', 0];
/// What a stop may take, with a reserve for a busy machine.
const STOP_MAX: Duration = Duration::from_secs(12);

fn weft(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weft"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("WEFT_") {
            command.env_remove(name);
        }
    }
    command.current_dir(home).args(arguments).stdin(Stdio::null());
    command
}

/// Runs to the end: exit code, standard output, standard error.
fn run(home: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = weft(home, arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

struct Served {
    child: Child,
    port: u16,
}

/// A server on `<home>/data`.
fn serve(home: &Path) -> Served {
    serve_with(home, &[])
}

/// The same, with more flags.
fn serve_with(home: &Path, flags: &[&str]) -> Served {
    let mut command = weft(home, &["serve", "--listen", "127.0.0.1:0", "--data", "data"]);
    command.args(flags);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.find(|line| line.as_ref().unwrap().starts_with("Weft is at http")).unwrap().unwrap();
    let port = line.rsplit_once(':').unwrap().1.parse().unwrap();
    Served { child, port }
}

impl Served {
    fn ask(&self, head: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let length = body.len();
        let head = format!(
            "{head} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn write(&self, name: &str) {
        let answer = self.ask(&format!("POST /api/docs/{name}/update"), UPDATE);
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }

    fn has(&self, name: &str) -> bool {
        self.ask(&format!("GET /api/docs/{name}/text"), b"").ends_with("hi")
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM and waits; answers with the exit code.
    fn stop(mut self) -> i32 {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap();
            }
            assert!(began.elapsed() < STOP_MAX, "still running after {STOP_MAX:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A data directory that holds the document `d`.
fn filled() -> TempDir {
    let home = home();
    let served = serve(home.path());
    served.write("d");
    assert_eq!(served.stop(), 0);
    home
}

#[test]
fn a_data_directory_that_cannot_be_made_stops_the_start() {
    let home = home();
    fs::write(home.path().join("file"), "").unwrap();
    let (code, _, why) = run(home.path(), &["serve", "--data", "file/data", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 3);
    assert!(why.contains("file/data") && why.contains("cannot be written"), "{why}");
}

#[test]
fn a_data_directory_in_use_is_refused_and_its_user_named() {
    let home = home();
    let served = serve(home.path());
    let pid = served.child.id().to_string();
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["check"]] {
        let (code, _, why) = run(home.path(), &[arguments, &["--data", "data"]].concat());
        assert_eq!(code, 3, "{arguments:?}");
        assert!(why.contains("in use") && why.contains(&pid), "{why}");
    }
    assert_eq!(served.stop(), 0);
}

#[test]
fn a_data_directory_of_a_newer_weft_is_refused_and_left_alone() {
    let home = filled();
    let format = home.path().join("data/FORMAT");
    fs::write(&format, "weft-store 99\n").unwrap();
    for command in ["serve", "check"] {
        let (code, _, why) = run(home.path(), &[command, "--data", "data", "--listen", "127.0.0.1:0"]);
        assert_eq!(code, 3);
        assert!(why.contains("FORMAT") && why.contains("99") && why.contains("newer"), "{why}");
    }
    assert_eq!(fs::read_to_string(&format).unwrap(), "weft-store 99\n");
}

#[test]
fn a_damaged_data_directory_is_refused_with_the_file_and_a_way_out() {
    let home = filled();
    let database = home.path().join("data/store-1/db");
    assert!(database.exists());
    fs::remove_file(&database).unwrap();
    for command in ["serve", "check"] {
        let (code, _, why) = run(home.path(), &[command, "--data", "data", "--listen", "127.0.0.1:0"]);
        assert_eq!(code, 3);
        assert!(why.contains("store-1/db") && why.contains("restore"), "{why}");
    }
}

#[test]
fn a_port_in_use_stops_the_start_with_what_to_do() {
    let home = home();
    let served = serve(home.path());
    let listen = format!("127.0.0.1:{}", served.port);
    let (code, _, why) = run(home.path(), &["--data", "other", "--listen", &listen]);
    assert_eq!(code, 4);
    assert!(why.contains(&format!("port {} is in use", served.port)) && why.contains("--listen"), "{why}");
}

#[test]
fn a_wrong_setting_stops_the_start_before_anything_is_made() {
    let home = home();
    fs::write(home.path().join("weft.toml"), "listne = \"localhost:1\"\n").unwrap();
    let (code, _, why) = run(home.path(), &["serve"]);
    assert_eq!(code, 2);
    assert_eq!(why, "weft: weft.toml: there is no setting \"listne\"; did you mean \"listen\"?\n");
    fs::remove_file(home.path().join("weft.toml")).unwrap();
    let output = weft(home.path(), &[]).env("WEFT_IDLE_AFTER", "soon").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .starts_with("weft: WEFT_IDLE_AFTER: \"soon\" cannot be used")
    );
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn every_command_has_help_and_version_names_the_version() {
    let home = home();
    for command in ["serve", "check", "compact", "backup", "restore", "version"] {
        let (code, help, _) = run(home.path(), &[command, "--help"]);
        assert_eq!(code, 0);
        assert!(help.contains("Usage: weft "), "{help}");
    }
    assert_eq!(run(home.path(), &["version"]).1, format!("weft {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_backup_of_a_running_server_restores_into_another_directory() {
    let home = home();
    let served = serve(home.path());
    served.write("d");
    let (code, said, why) = run(home.path(), &["backup", "b", "--data", "data"]);
    assert_eq!((code, said.as_str()), (0, "1 document with 1 record are in b\n"), "{why}");
    let (code, _, why) = run(home.path(), &["backup", "b", "--data", "data"]);
    assert!(code == 1 && why.contains("exists"), "{why}");
    let (code, _, why) = run(home.path(), &["restore", "b", "--replace", "--data", "data"]);
    assert!(code == 1 && why.contains("stop it first"), "{why}");
    assert_eq!(served.stop(), 0);

    let other = TempDir::new_in(home.path()).unwrap();
    let file = home.path().join("b");
    let (code, _, why) = run(other.path(), &["restore", file.to_str().unwrap(), "--data", "data"]);
    assert_eq!(code, 0, "{why}");
    assert_eq!(run(other.path(), &["check", "--data", "data"]).0, 0);
    assert!(serve(other.path()).has("d"));
}

#[test]
fn a_killed_server_leaves_a_directory_that_can_be_backed_up_and_served_again() {
    let home = home();
    let served = serve(home.path());
    served.write("d");
    served.kill();
    assert!(home.path().join("data/server.json").exists());
    let (code, said, why) = run(home.path(), &["backup", "b", "--data", "data"]);
    assert_eq!((code, said.as_str()), (0, "1 document with 1 record are in b\n"), "{why}");
    assert!(serve(home.path()).has("d"));
}

#[test]
fn a_stopped_servers_store_is_compacted_and_serves_again() {
    let home = home();
    let (code, _, why) = run(home.path(), &["compact", "--data", "data"]);
    assert!(code == 1 && why.contains("no Weft data"), "{why}");
    let served = serve(home.path());
    served.write("d");
    let (code, _, why) = run(home.path(), &["compact", "--data", "data"]);
    assert!(code == 3 && why.contains("already in use"), "{why}");
    assert_eq!(served.stop(), 0);
    let (code, said, why) = run(home.path(), &["compact", "--data", "data"]);
    assert_eq!(code, 0, "{why}");
    assert!(said.starts_with("The store with 1 document took "), "{said}");
    assert!(home.path().join("data/store-2").exists() && !home.path().join("data/store-1").exists());
    assert_eq!(run(home.path(), &["check", "--data", "data"]).0, 0);
    assert!(serve(home.path()).has("d"));
}

#[test]
fn a_restore_keeps_what_is_there_unless_it_may_move_it_aside() {
    let home = filled();
    assert_eq!(run(home.path(), &["backup", "b", "--data", "data"]).0, 0);
    let (code, _, why) = run(home.path(), &["restore", "b", "--data", "data"]);
    assert!(code == 1 && why.contains("--replace"), "{why}");
    let (code, _, why) = run(home.path(), &["restore", "b", "--replace", "--data", "data"]);
    assert_eq!(code, 0, "{why}");
    let aside: Vec<PathBuf> = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().contains("data.old-"))
        .collect();
    assert_eq!(aside.len(), 1);
    let key = |data: &Path| fs::read(data.join("weft.key")).unwrap();
    assert_eq!(key(&aside[0]), key(&home.path().join("data")), "what is in the backup was sealed with it");
    assert_eq!(run(home.path(), &["check", "--data", aside[0].to_str().unwrap()]).0, 0);
    assert!(serve(home.path()).has("d"));
}

#[test]
fn whoever_lost_their_app_is_helped_at_the_command_line() {
    let home = home();
    let user = |arguments: &[&str]| run(home.path(), &[&["user"], arguments, &["--data", "data"]].concat());
    let add = ["add", "olga@example.com", "--name", "Olga", "--role", "owner"];
    assert_eq!(user(&add).0, 0);
    let (code, said, why) = user(&["password", "olga@example.com", "--reset-totp"]);
    assert_eq!(code, 0, "{why}");
    assert!(
        said.starts_with("Olga is not asked for a second step any more.\nThey choose a password "),
        "{said}"
    );
    assert!(!user(&["password", "olga@example.com"]).1.contains("second step"));
}

#[test]
fn a_damaged_backup_is_refused_before_anything_is_touched() {
    let home = filled();
    assert_eq!(run(home.path(), &["backup", "b", "--data", "data"]).0, 0);
    let whole = fs::read(home.path().join("b")).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for bad in [&flipped[..], &whole[..whole.len() - 1], b"", b"something else"] {
        fs::write(home.path().join("bad"), bad).unwrap();
        let (code, _, why) = run(home.path(), &["restore", "bad", "--replace", "--data", "data"]);
        assert!(code == 1 && why.contains("bad cannot be restored"), "{why}");
        assert_eq!(run(home.path(), &["restore", "bad", "--data", "new"]).0, 1);
        assert!(!home.path().join("new").exists());
    }
    assert!(serve(home.path()).has("d"));
}

#[test]
fn errands_without_data_make_none() {
    let home = home();
    for arguments in [&["check"][..], &["backup", "b"]] {
        let (code, _, why) = run(home.path(), &[arguments, &["--data", "data"]].concat());
        assert!(code == 1 && why.contains("there is no Weft data in data"), "{why}");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_stop_waits_neither_for_half_a_request_nor_for_a_silent_connection() {
    let home = home();
    let served = serve(home.path());
    served.write("d");
    let mut half = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nho").unwrap();
    let _silent = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
    let began = Instant::now();
    assert_eq!(served.stop(), 0);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(!home.path().join("data/server.json").exists());
    assert!(serve(home.path()).has("d"));
}

/// Writes a certificate for localhost and its key; the flags that name them.
fn certificate(home: &Path) -> [&'static str; 4] {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(home.join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(home.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    ["--tls-certificate", "cert.pem", "--tls-key", "key.pem"]
}

#[test]
fn the_commands_reach_a_server_that_speaks_tls() {
    let home = home();
    let flags = certificate(home.path());
    let served = serve_with(home.path(), &flags);
    let told = served.ask("GET /", b"");
    assert!(told.starts_with("HTTP/1.1 400") && told.contains("https://"), "{told}");
    let (code, said, why) = run(
        home.path(),
        &["user", "add", "mia@example.com", "--name", "Mia", "--role", "owner", "--data", "data"],
    );
    assert_eq!(code, 0, "{why}");
    let link = format!("https://127.0.0.1:{}/reset/", served.port);
    assert!(said.contains(&link), "{said}");
    let (code, said, why) = run(home.path(), &["user", "list", "--data", "data"]);
    assert!(code == 0 && said.contains("mia@example.com"), "{said}{why}");
    let (code, said, why) = run(home.path(), &["backup", "out.weft", "--data", "data"]);
    assert!(code == 0 && said.contains("are in out.weft"), "{said}{why}");
    // The door that they come by is for nobody else.
    let announced = fs::read_to_string(home.path().join("data/server.json")).unwrap();
    let door = announced.split("127.0.0.1:").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    assert_ne!(door, served.port);
    let mut stranger = TcpStream::connect(("127.0.0.1", door)).unwrap();
    stranger.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stranger.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert_eq!(served.stop(), 0);
}

#[test]
fn a_certificate_that_cannot_be_used_stops_the_start() {
    let home = home();
    let [_, _, flag, key] = certificate(home.path());
    let start = |flags: &[&str]| {
        let (code, _, why) =
            run(home.path(), &[&["serve", "--listen", "127.0.0.1:0", "--data", "data"], flags].concat());
        assert_eq!(code, 2, "{why}");
        why
    };
    let why = start(&[flag, key]);
    assert!(why.contains("tls_key is set and tls_certificate is not"), "{why}");
    let why = start(&[flag, key, "--tls-certificate", "missing.pem"]);
    assert!(why.contains("tls_certificate: missing.pem cannot be read"), "{why}");
    assert!(!home.path().join("data").exists(), "nothing was begun");
}
