//! A command that prints the master key, such as the one of a secret manager.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use hallpass_seal::SecretText;
use zeroize::Zeroizing;

const DEADLINE: Duration = Duration::from_secs(10);
const MOST_BYTES: u64 = 64 * 1024;

/// Splits a command at white space, as a shell splits words: single quotes keep everything, double quotes keep all but
/// `\"` and `\\`, a backslash outside keeps the next character. Nothing else means anything: no variables, no pipes, no
/// patterns. Whoever wants a shell names one: `sh -c '...'`.
///
/// # Errors
/// A quote or backslash without its other half, or no word at all.
pub fn words(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next().ok_or("a single quote is not closed")? {
                        '\'' => break,
                        other => word.push(other),
                    }
                }
            }
            '"' => double_quoted(&mut letters, word.get_or_insert_default())?,
            '\\' => {
                let kept = letters.next().ok_or("it ends with a backslash")?;
                word.get_or_insert_default().push(kept);
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    if words.is_empty() {
        Err("there is no word in it")
    } else {
        Ok(words)
    }
}

fn double_quoted(letters: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), &'static str> {
    const OPEN: &str = "a double quote is not closed";
    loop {
        match letters.next().ok_or(OPEN)? {
            '"' => return Ok(()),
            '\\' => match letters.next().ok_or(OPEN)? {
                kept @ ('"' | '\\') => word.push(kept),
                other => word.extend(['\\', other]),
            },
            other => word.push(other),
        }
    }
}

/// What the command prints on stdout within 10 seconds. Its stderr is dropped: some programs repeat secrets there.
///
/// # Errors
/// How it failed, without anything it printed.
pub fn output(words: &[String]) -> Result<SecretText, String> {
    run(words, DEADLINE)
}

fn run(words: &[String], deadline: Duration) -> Result<SecretText, String> {
    let (program, arguments) = words.split_first().ok_or("there is no word in it")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    let (sender, printed) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        // Apart from here, because a program that it started may keep the pipe open after its own end.
        std::thread::spawn(move || drop(sender.send(bounded(stdout))));
    }
    let Ok(printed) = printed.recv_timeout(deadline) else {
        drop(child.kill());
        drop(child.wait());
        return Err(format!(
            "it took longer than {} s and was ended",
            deadline.as_secs()
        ));
    };
    if printed
        .as_ref()
        .is_ok_and(|text| text.len() as u64 > MOST_BYTES)
    {
        drop(child.kill());
        drop(child.wait());
        return Err(format!("it printed more than {} KiB", MOST_BYTES / 1024));
    }
    // Its output has ended, and so has it, or as good as.
    let ended = wait(&mut child, deadline)?;
    if !ended.success() {
        return Err(format!(
            "it failed ({ended}); run it by hand, as the user that Hallpass runs as, to see why"
        ));
    }
    let mut printed = printed.map_err(|error| format!("its output cannot be read: {error}"))?;
    match String::from_utf8(std::mem::take(&mut *printed)) {
        Ok(text) => Ok(SecretText::new(text)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Err("its output is not text".to_owned())
        }
    }
}

fn bounded(stdout: impl Read) -> std::io::Result<Zeroizing<Vec<u8>>> {
    // Room for all of it at once, so that no copy stays behind where the buffer grew.
    let mut printed = Zeroizing::new(Vec::with_capacity(MOST_BYTES as usize + 1));
    stdout
        .take(MOST_BYTES + 1)
        .read_to_end(&mut printed)
        .map(|_| printed)
}

/// A program may close its output and stay.
fn wait(
    child: &mut std::process::Child,
    deadline: Duration,
) -> Result<std::process::ExitStatus, String> {
    const STEP: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if waited < deadline => {
                std::thread::sleep(STEP);
                waited += STEP;
            }
            Ok(None) => {
                drop(child.kill());
                drop(child.wait());
                return Err(format!("it did not end within {} s", deadline.as_secs()));
            }
            Err(error) => return Err(format!("it cannot be waited for: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{run, words};

    fn sh(script: &str) -> Vec<String> {
        ["sh", "-c", script].map(str::to_owned).into()
    }

    fn failure(script: &str) -> String {
        run(&sh(script), Duration::from_secs(5))
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn words_are_split_and_nothing_else_is_done_to_them() {
        for (text, expected) in [
            ("a b\tc\n", &["a", "b", "c"][..]),
            (
                "a 'b  $c|d' \"e \\\" \\\\ \\n\"",
                &["a", "b  $c|d", "e \" \\ \\n"],
            ),
            ("a\\ b '' x''y", &["a b", "", "xy"]),
            ("echo $HOME * | cat", &["echo", "$HOME", "*", "|", "cat"]),
        ] {
            let split = words(text).unwrap_or_default();
            assert_eq!(split, expected, "{text}");
        }
        for malformed in ["", " \n", "a 'b", "a \"b", "a \"b\\", "a\\"] {
            assert!(words(malformed).is_err(), "{malformed}");
        }
    }

    #[test]
    fn what_it_prints_is_the_text() -> Result<(), String> {
        let text = run(&sh("echo one; echo two >&2"), Duration::from_secs(5))?;
        assert_eq!(text.expose(), "one\n");
        Ok(())
    }

    #[test]
    fn failures_are_told_without_the_output() {
        let said = failure("echo hunter2; exit 3");
        assert!(
            said.contains("exit status: 3") && !said.contains("hunter2"),
            "{said}"
        );
        assert!(failure("head -c 70000 /dev/zero").contains("more than 64 KiB"));
        assert!(failure("printf '\\377'").contains("not text"));
        let missing = run(&["/nonexistent/x".to_owned()], Duration::from_secs(5));
        assert!(
            missing
                .err()
                .unwrap_or_default()
                .contains("cannot be started")
        );
    }

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let short = Duration::from_millis(200);
        let slow = run(&sh("exec sleep 60"), short).err().unwrap_or_default();
        assert!(slow.contains("took longer"), "{slow}");
        // The shell ends, what it left behind holds the pipe.
        let left = run(&sh("sleep 5 & echo x"), short)
            .err()
            .unwrap_or_default();
        assert!(left.contains("took longer"), "{left}");
        let quiet = run(&sh("exec sleep 60 >&-"), short)
            .err()
            .unwrap_or_default();
        assert!(quiet.contains("did not end"), "{quiet}");
    }
}
