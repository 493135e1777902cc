//! What tests of the manifest share: a folder with files, an environment, and short views of problems.

use std::path::{Path, PathBuf};
use tidegate::manifest::{self, Environment, Manifest, Problems};

/// The beginning of a manifest that needs nothing else.
pub(crate) const TOP: &str =
    "tidegate: 1\nname: test\nsource: { exports: {} }\ntarget: { kind: sandbox, path: ./sandbox }\n";

/// A folder of manifests, removed at its end.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: tempfile::TempDir,
    pub(crate) environment: Environment,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), environment: Environment::default() }
    }

    /// Makes a folder with one file, `tidegate.yaml`.
    pub(crate) fn with(text: &str) -> Self {
        let folder = Self::new();
        folder.write("tidegate.yaml", text);
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file, with its folders.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn load_file(&self, name: &str) -> Result<(Manifest, Problems), Problems> {
        manifest::load(&self.dir.path().join(name), &self.environment)
    }

    /// Loads `tidegate.yaml`, which has to be valid.
    #[track_caller]
    pub(crate) fn manifest(&self) -> Manifest {
        match self.load_file("tidegate.yaml") {
            Ok((manifest, _)) => manifest,
            Err(problems) => panic!("{}", self.lines(&problems)),
        }
    }

    /// Loads a file, which has to be invalid, and returns its problems one a line.
    #[track_caller]
    pub(crate) fn problems_of(&self, name: &str) -> String {
        let problems = self.load_file(name).map(|_| ()).expect_err("the manifest is valid");
        self.lines(&problems)
    }

    /// Loads `tidegate.yaml`, which has to be invalid, and returns its problems one a line.
    #[track_caller]
    pub(crate) fn problems(&self) -> String {
        self.problems_of("tidegate.yaml")
    }

    /// Prints problems as `file:line:column CODE message [label, ..] help`, without the folder.
    pub(crate) fn lines(&self, problems: &Problems) -> String {
        let folder = format!("{}/", self.dir.path().display());
        let mut text = String::new();
        for problem in &problems.list {
            let labels: Vec<String> = problem
                .labels
                .iter()
                .map(|label| {
                    let source = &problems.sources[&label.place.file];
                    let shown = &source[label.place.start..label.place.end];
                    let place = &label.place;
                    format!("{}:{}:{} `{shown}`: {}", place.file, place.line, place.column, label.text)
                })
                .collect();
            let help = problem.help.as_deref().unwrap_or("-");
            text += &[problem.code.id, " ", &problem.message, "\n"].concat();
            for label in labels {
                text += &["  at ", &label, "\n"].concat();
            }
            text += &["  help ", help, "\n"].concat();
        }
        text.replace(&folder, "")
    }
}
