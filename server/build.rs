//! Builds the web client and makes the table of its files that the binary embeds (`src/web.rs` serves them).
//!
//! `WEFT_WEB_DIST=DIR` names a client that is built already; then npm is not needed.

#[path = "build/client.rs"]
mod client;
#[path = "build/embed.rs"]
mod embed;

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-env-changed=WEFT_WEB_DIST");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let result = dist(&out).and_then(|dist| {
        embed::embed(&dist, &out)
            .map_err(|error| format!("the built web client in {}: {error}", dist.display()))
    });
    if let Err(reason) = result {
        // One line for people; a panic's backtrace would bury it.
        println!("cargo::error={}", reason.replace('\n', " | "));
    }
}

/// The folder with the built client, built now if need be.
fn dist(out: &Path) -> Result<PathBuf, String> {
    if let Some(dir) = std::env::var_os("WEFT_WEB_DIST") {
        let dir = PathBuf::from(dir);
        println!("cargo:rerun-if-changed={}", dir.display());
        return if dir.join("index.html").is_file() {
            Ok(dir)
        } else {
            Err(format!("WEFT_WEB_DIST names {}, but there is no index.html in it", dir.display()))
        };
    }
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("../client-web");
    client::build(&client, &out.join("web"))
}
