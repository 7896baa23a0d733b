//! Trap 15: a document seeded over HTTP, with clients in it, holds its text once after a kill, after the same seed again,
//! and after the restore of an older backup.

use weft_ids::ClientId;
use weft_tests::http;
use weft_tests::replica::Replica;
use weft_tests::server::Server;
use weft_tests::socket::Connected;
use weft_wire::Dialect;

#[tokio::test(flavor = "multi_thread")]
async fn trap_15_text_is_there_once_whatever_is_restarted_or_restored() {
    let mut server = Server::start(&["--open"]).unwrap();
    let mut author = Replica::new(ClientId::new(500).unwrap());
    let seed = author.write("The seed. ").into_bytes();
    let answer = http::update(server.authority(), "d", seed.clone()).await.unwrap();
    assert_eq!(answer.status, 201);

    let mut ann = Connected::join(server.authority(), Dialect::Hocuspocus, "d", 1).await.unwrap();
    let mut bob = Connected::join(server.authority(), Dialect::YWebsocket, "d", 2).await.unwrap();
    ann.write("Ann. ").await.unwrap();
    bob.until(|bob| bob.replica.text() == "The seed. Ann. ").await.unwrap();
    ann.is_saved().await.unwrap();

    let file = server.data().with_file_name("older.backup");
    let file = file.to_str().unwrap().to_owned();
    let backup = server.command(&["backup", &file]).unwrap();
    assert!(backup.status.success(), "{}", String::from_utf8_lossy(&backup.stderr));

    bob.write("Bob. ").await.unwrap();
    ann.until(|ann| ann.replica.text() == "The seed. Ann. Bob. ").await.unwrap();
    bob.is_saved().await.unwrap();
    server.kill().unwrap();
    let (ann, bob) = (ann.cut(), bob.cut());

    server.start_again().unwrap();
    assert_eq!(http::update(server.authority(), "d", seed.clone()).await.unwrap().status, 200);
    let mut ann = Connected::open(server.authority(), ann).await.unwrap();
    ann.is_synchronised().await.unwrap();
    assert_eq!(ann.client.replica.text(), "The seed. Ann. Bob. ");

    server.kill().unwrap();
    let restore = server.command(&["restore", &file, "--replace"]).unwrap();
    assert!(restore.status.success(), "{}", String::from_utf8_lossy(&restore.stderr));
    server.start_again().unwrap();
    let text = http::read(server.authority(), "d", "text").await.unwrap().text();
    assert_eq!(text, "The seed. Ann. ", "the backup is older");
    assert_eq!(http::update(server.authority(), "d", seed).await.unwrap().status, 200);
    let mut ann = Connected::open(server.authority(), ann.cut()).await.unwrap();
    let mut bob = Connected::open(server.authority(), bob).await.unwrap();
    ann.is_synchronised().await.unwrap();
    bob.is_synchronised().await.unwrap();
    bob.write("Again.").await.unwrap();
    bob.is_saved().await.unwrap();
    let expected = "The seed. Ann. Bob. Again.";
    ann.until(|ann| ann.replica.text() == expected).await.unwrap();
    assert_eq!(http::read(server.authority(), "d", "text").await.unwrap().text(), expected);
}
