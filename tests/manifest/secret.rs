//! Secrets by reference: where they are read from, and that nothing shows them.

use super::folder::Folder;
use secrecy::ExposeSecret;
use tidegate::manifest::SecretRef;
use tidegate::manifest::secret::{connection, influx_cli_connection, resolve};
use tidegate::model::Coded;

const CONFIGS: &str = "[cloud]
  url = \"https://us-east-1-1.aws.cloud2.influxdata.com/\"
  token = \"t0ken-of-cloud\"
  org = \"me@example.com\"
  active = true

[local]
  url = \"http://127.0.0.1:8086\"
  token = \"\"
# [sample]
#   token = \"x\"
";

fn with_configs(text: &str) -> Folder {
    let mut folder = Folder::new();
    folder.write("home/.influxdbv2/configs", text);
    folder.environment.home = Some(folder.path().join("home"));
    folder
}

fn cli(name: &str) -> SecretRef {
    SecretRef::InfluxCli(name.to_owned())
}

#[test]
fn a_variable_gives_a_secret_without_blanks_around_it() {
    let folder = Folder::new().set("TOKEN", "abc\n").set("EMPTY", "");
    let secret = |name: &str| resolve(&SecretRef::Env(name.to_owned()), &folder.environment);
    assert_eq!(secret("TOKEN").unwrap().expose_secret(), "abc");
    for name in ["MISSING", "EMPTY"] {
        let error = secret(name).unwrap_err();
        assert_eq!(error.code().id, "TG0311");
        assert!(error.to_string().contains(name) && error.help().unwrap().contains(name));
    }
}

#[test]
fn a_file_gives_a_secret_and_nothing_else() {
    let folder = Folder::new();
    let secret = |name: &str| resolve(&SecretRef::File(folder.path().join(name)), &folder.environment);
    folder.write("good", "abc==\r\n");
    folder.write("empty", "\n");
    folder.write("two", "abc\ndef\n");
    folder.write("binary", [0xff, 0xfe]);
    assert_eq!(secret("good").unwrap().expose_secret(), "abc==");
    for name in ["empty", "two", "binary", "missing"] {
        let error = secret(name).unwrap_err();
        assert_eq!(error.code().id, "TG0312", "{name}");
        assert!(!error.to_string().contains("abc"), "{error}");
    }
}

#[test]
fn a_connection_of_the_influx_program_gives_what_is_left_out() {
    let folder = with_configs(CONFIGS);
    let all = connection(None, None, &cli("cloud"), &folder.environment).unwrap();
    assert_eq!(all.url, "https://us-east-1-1.aws.cloud2.influxdata.com");
    assert_eq!((all.org.as_str(), all.token.expose_secret()), ("me@example.com", "t0ken-of-cloud"));
    assert!(!format!("{all:?}").contains("t0ken"));
    let other = connection(Some("http://x"), Some("y"), &cli("cloud"), &folder.environment).unwrap();
    assert_eq!((other.url.as_str(), other.org.as_str()), ("http://x", "y"));
}

#[test]
fn the_configs_file_can_be_elsewhere() {
    let folder = Folder::new();
    let path = folder.write("elsewhere", CONFIGS);
    let folder = folder.set("INFLUX_CONFIGS_PATH", path.to_str().unwrap());
    assert!(influx_cli_connection("cloud", &folder.environment).unwrap().token.is_some());
}

#[test]
fn a_connection_that_lacks_something_says_what() {
    let folder = with_configs(CONFIGS);
    let error = resolve(&cli("local"), &folder.environment).unwrap_err();
    assert_eq!(error.code().id, "TG0314");
    assert!(error.to_string().contains("has no `token`"), "{error}");
    let error = connection(None, None, &cli("local"), &folder.environment).unwrap_err();
    assert!(error.to_string().contains("has no `org`"), "{error}");
    let error = resolve(&cli("clod"), &folder.environment).unwrap_err();
    assert_eq!(error.code().id, "TG0314");
    assert_eq!(error.help().unwrap(), "It has: cloud, local.");
}

#[test]
fn a_damaged_configs_file_is_not_quoted() {
    let folder = with_configs("[cloud]\n  token = \"t0ken-of-cloud\n");
    let error = resolve(&cli("cloud"), &folder.environment).unwrap_err();
    assert_eq!(error.code().id, "TG0313");
    let text = format!("{error} {error:?}");
    assert!(text.contains("line 2") && !text.contains("t0ken"), "{text}");
}

#[test]
fn a_configs_file_that_is_not_there_is_named() {
    let mut folder = Folder::new();
    let error = resolve(&cli("cloud"), &folder.environment).unwrap_err();
    assert_eq!(error.code().id, "TG0313");
    folder.environment.home = Some(folder.path().to_path_buf());
    let error = resolve(&cli("cloud"), &folder.environment).unwrap_err();
    assert!(error.to_string().contains(".influxdbv2/configs"), "{error}");
}
