//! Debian source packages, fetched once into `target/corpus/src`.

use super::packages::Package;
use crate::say;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of an unpacked package, fetched if it is not there.
///
/// The archive is asked for what the machine's own release carries, and if it no longer has that (point releases
/// replace packages) for what `stable` and `unstable` carry.
///
/// # Errors
/// What went wrong, in words: no archive configured, no network, a broken package.
pub fn package(corpus: &Path, package: &Package) -> Result<PathBuf, String> {
    let folder = corpus.join("src").join(package.name);
    if folder.join(".ready").is_file() {
        return Ok(folder);
    }
    let apt = Apt::new(corpus)?;
    let mut refused = Vec::new();
    for release in &apt.releases {
        say(&format!("fetching {} ({release})", package.name));
        match apt.original(package.name, release).and_then(|archive| unpack(&archive, &folder)).and_then(|()| complete(package, &folder)) {
            Ok(()) => {
                if let Some(script) = package.prepare {
                    say(&format!("preparing {}", package.name));
                    checked(Command::new("sh").args(["-e", "-c", script]).current_dir(&folder))?;
                }
                fs::write(folder.join(".ready"), release).map_err(|error| format!("{}: {error}", folder.display()))?;
                return Ok(folder);
            }
            Err(error) => refused.push(format!("{release}: {error}")),
        }
    }
    Err(format!("the source package {} cannot be fetched: {}", package.name, refused.join("; ")))
}

/// An apt of our own: the machine's archive, with sources, its lists below `target/corpus/apt`. Needs no rights.
struct Apt {
    options: Vec<String>,
    folder: PathBuf,
    releases: Vec<String>,
}

impl Apt {
    fn new(corpus: &Path) -> Result<Apt, String> {
        let folder = corpus.join("apt");
        let lists = folder.join("lists");
        let put = |path: &Path, text: &str| fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()));
        fs::create_dir_all(lists.join("partial")).map_err(|error| format!("{}: {error}", lists.display()))?;
        let release = codename()?;
        // Which archive the machine uses for its own release.
        let targets = checked(Command::new("apt-get").args(["indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]))?;
        let site = targets
            .lines()
            .filter_map(|line| line.split_once(' '))
            .find_map(|(site, rest)| (rest == format!("{release} main")).then_some(site))
            .ok_or_else(|| format!("apt knows no archive of {release}: run `apt-get update`"))?;
        let releases = vec![release, "stable".to_string(), "unstable".to_string()];
        let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
        let signed = if Path::new(keyring).is_file() { format!("[signed-by={keyring}] ") } else { String::new() };
        let sources = folder.join("sources.list");
        put(&sources, &releases.iter().map(|release| format!("deb-src {signed}{site} {release} main\n")).collect::<String>())?;
        let options = [
            format!("Dir::Etc::sourcelist={}", sources.display()),
            "Dir::Etc::sourceparts=/dev/null".into(),
            format!("Dir::State::lists={}", lists.display()),
            format!("Dir::Cache={}", folder.join("cache").display()),
            "APT::Sandbox::User=".into(),
        ];
        let apt = Apt { options: options.iter().flat_map(|option| ["-o".to_string(), option.clone()]).collect(), folder, releases };
        if !apt.folder.join("updated").is_file() {
            say("reading the lists of source packages");
            checked(Command::new("apt-get").args(&apt.options).args(["update", "-q"]))?;
            put(&apt.folder.join("updated"), "")?;
        }
        Ok(apt)
    }

    /// The upstream archive of a package, checked against the list's hash.
    fn original(&self, name: &str, release: &str) -> Result<PathBuf, String> {
        let uris = checked(Command::new("apt-get").args(&self.options).args(["source", "--print-uris", "-q", &format!("{name}/{release}")]).current_dir(&self.folder))?;
        // 'URI' FILE SIZE HASH
        let (uri, file, hash) = uris
            .lines()
            .filter_map(|line| {
                let mut words = line.split(' ');
                let uri = words.next()?.strip_prefix('\'')?.strip_suffix('\'')?;
                Some((uri, words.next()?, words.nth(1)?))
            })
            .find(|(_, file, _)| file.contains(".orig.tar.") && !file.ends_with(".asc"))
            .ok_or("the list names no upstream archive")?;
        let path = self.folder.join(file);
        checked(Command::new("/usr/lib/apt/apt-helper").args(&self.options).args(["download-file", uri]).arg(&path).arg(hash))?;
        Ok(path)
    }
}

/// Whether all is there that the table names: older versions carry less.
fn complete(package: &Package, folder: &Path) -> Result<(), String> {
    match package.assembly.iter().find(|(file, _)| !folder.join(file).is_file()) {
        Some((file, _)) => Err(format!("it carries no {file}")),
        None => Ok(()),
    }
}

/// Unpacks an archive with one folder at its top to the place given.
fn unpack(archive: &Path, folder: &Path) -> Result<(), String> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    checked(Command::new("tar").args(["--strip-components=1", "-xf"]).arg(archive).arg("-C").arg(folder)).map(drop)
}

/// The machine's release, as Debian calls it.
fn codename() -> Result<String, String> {
    let text = fs::read_to_string("/etc/os-release").map_err(|error| format!("/etc/os-release: {error}"))?;
    let name = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    name.map(|name| name.trim_matches('"').to_string()).ok_or_else(|| "/etc/os-release names no VERSION_CODENAME".into())
}

/// Runs a command; its standard output, or the end of what it complained about.
fn checked(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().to_string_lossy()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last = complaint.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message").to_string();
    Err(format!("{}: {last}", command.get_program().to_string_lossy()))
}
