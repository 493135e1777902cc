//! Against a real influxd 1.x: what it accepts, our scanner accepts; and it is not a target.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use support::Workdir;
use support::influxd::Influxd;
use tidegate::line;

/// Lines that a 1.x server and a 2.x target judge differently, and whether 1.x accepts them. The
/// scanner follows the target.
const OTHERWISE_IN_1X: [(&str, bool); 4] = [
    ("m v=1u 1", false),
    ("m,_field=x v=1 1", true),
    ("m,_measurement=x v=1 1", true),
    ("m time=1 1", false),
];

/// Accepted and refused lines, and what is on the edge between them.
const LINES: [&str; 62] = [
    "m v=1 1",
    "m,a=b v=1 1",
    "m,b=1,a=2 v=1 1",
    "m v=1",
    " m v=1 1",
    "m  v=1 1",
    "m v=1  1",
    "m v=1 1 ",
    "m v=1i 1",
    "m v=-1i 1",
    "m v=1e5 1",
    "m v=1E-5 1",
    "m v=.5 1",
    "m v=5. 1",
    "m v=-.5 1",
    "m v=+1 1",
    "m v=1e 1",
    "m v=0x10 1",
    "m v=t 1",
    "m v=TRUE 1",
    "m v=tru 1",
    "m v=F 1",
    "m v=\"text\" 1",
    "m v=\"a\\\"b\" 1",
    "m v=\"a\\\\\" 1",
    "m v=\"a,b=c d\" 1",
    "m v=\"\" 1",
    "m v=\"open 1",
    "m v=text 1",
    "m v= 1",
    "m v 1",
    "m =1 1",
    "m 1",
    "m",
    ",a=b v=1 1",
    "m, v=1 1",
    "m,a v=1 1",
    "m,a= v=1 1",
    "m,=b v=1 1",
    "m,a=b, v=1 1",
    "m,a=b,a=c v=1 1",
    "m,time=b v=1 1",
    "m\\ space v=1 1",
    "m\\,comma v=1 1",
    "m=eq v=1 1",
    "m\"quote v=1 1",
    "m,a=b\\ c v=1 1",
    "m,a=b\\,c v=1 1",
    "m,a=b\\=c v=1 1",
    "m,a=b=c v=1 1",
    "m,a=\"b\" v=1 1",
    "m f\\ k=1 1",
    "m f\\,k=1 1",
    "m f\\=k=1 1",
    "m a=1,b=2 1",
    "m a=1, b=2 1",
    "m a=1,,b=2 1",
    "m a=1,a=2 1",
    "m v=1 -1",
    "m v=1 1.5",
    "m v=1 abc",
    "m v=9223372036854775808i 1",
];

#[test]
fn the_scanner_accepts_what_a_real_server_accepts_and_nothing_else() {
    let Some(server) = Influxd::start() else { return };
    for (at, line) in LINES.iter().enumerate() {
        // A database a line: a type conflict with an earlier line is no verdict on this one.
        server.execute(&format!("CREATE DATABASE d{at}"));
        let (status, answer) = server.write(&format!("d{at}"), line.as_bytes());
        let ours = line::parse(line.as_bytes());
        assert_eq!(
            ours.is_ok(),
            status == 204,
            "`{line}`: the server says {status} {answer}, the scanner {ours:?}"
        );
    }
}

#[test]
fn the_scanner_follows_2x_where_1x_judges_otherwise() {
    let Some(server) = Influxd::start() else { return };
    for (at, (text, accepted)) in OTHERWISE_IN_1X.iter().enumerate() {
        server.execute(&format!("CREATE DATABASE d{at}"));
        let (status, answer) = server.write(&format!("d{at}"), text.as_bytes());
        assert_eq!(status == 204, *accepted, "`{text}`: {status} {answer}");
        assert_eq!(line::parse(text.as_bytes()).is_ok(), !accepted, "`{text}`");
    }
}

#[test]
fn a_1x_server_is_refused_as_a_target() {
    let Some(server) = Influxd::start() else { return };
    let mut workdir = Workdir::new();
    workdir.set("INFLUX_TOKEN", "t").write(
        "tidegate.yaml",
        format!(
            "tidegate: 1\nname: x\nsource: {{ exports: {{}} }}\ntarget: {{ url: '{}', org: o, token: {{ env: INFLUX_TOKEN }} }}\nbuckets:\n  b/c: {{ retention: infinite }}\n",
            server.url
        ),
    );
    workdir.run(&["plan"]).exits(10).stderr_has("1.x").stderr_has("source");
}
