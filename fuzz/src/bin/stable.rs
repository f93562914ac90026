//! Fuzzing without nightly: replays the corpus, then mutates it and makes new inputs, for a number of seconds.
//!
//! `stable run [--seconds N] [--seed N] [TARGET...]` or `stable replay TARGET FILE...`

use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

use hallpass_fuzz::{Target, generate};

const USAGE: &str =
    "usage: stable run [--seconds N] [--seed N] [TARGET...] | stable replay TARGET FILE...";
const LONGEST_INPUT: usize = 20_000;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.split_first() {
        Some((verb, rest)) if verb == "run" => run(rest),
        Some((verb, rest)) if verb == "replay" => replay(rest),
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

fn replay(words: &[String]) -> ExitCode {
    let Some((target, files)) = words
        .split_first()
        .and_then(|(name, files)| Some((Target::parse(name)?, files)))
    else {
        return usage();
    };
    for file in files {
        match fs::read(file) {
            Ok(input) => println!(
                "{file}: {}",
                if target.check(&input) {
                    "accepted"
                } else {
                    "refused"
                }
            ),
            Err(error) => eprintln!("{file}: {error}"),
        }
    }
    ExitCode::SUCCESS
}

fn run(words: &[String]) -> ExitCode {
    let mut seconds = 30;
    let mut seed = RandomState::new().hash_one("seed");
    let mut targets = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        match (word.as_str(), Target::parse(word)) {
            ("--seconds", _) => match number() {
                Some(given) => seconds = given,
                None => return usage(),
            },
            ("--seed", _) => match number() {
                Some(given) => seed = given,
                None => return usage(),
            },
            (_, Some(target)) => targets.push(target),
            _ => return usage(),
        }
    }
    if targets.is_empty() {
        targets.extend(Target::ALL);
    }
    println!("seed {seed}");
    let each = Duration::from_secs(seconds) / u32::try_from(targets.len()).unwrap_or(1);
    let found = targets
        .into_iter()
        .filter(|&target| !fuzz(target, each, seed))
        .count();
    if found == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Answers whether all inputs kept the laws.
fn fuzz(target: Target, time: Duration, seed: u64) -> bool {
    let corpus = read_corpus(target);
    if corpus.is_empty() {
        println!("{}: no corpus", target.name());
        return false;
    }
    let mut random = Random(seed);
    let mut executions = 0_u64;
    let mut accepted = 0_u64;
    let mut try_one = |input: &[u8]| -> bool {
        executions += 1;
        match catch_unwind(AssertUnwindSafe(|| target.check(input))) {
            Ok(took) => {
                accepted += u64::from(took);
                true
            }
            Err(_) => {
                keep(target, input);
                false
            }
        }
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the run is bounded by time, and its speed is printed"
    )]
    let started = Instant::now();
    let mut clean = corpus.iter().all(|input| try_one(input));
    while clean && started.elapsed() < time {
        let input = if random.below(3) == 0 {
            random.structured(target)
        } else {
            random.mutated(&corpus)
        };
        clean = try_one(&input);
    }
    let per_second = executions as f64 / started.elapsed().as_secs_f64();
    println!(
        "{:<12} {:>4} seeds, {executions:>9} executions ({per_second:>8.0}/s), {accepted} accepted: {}",
        target.name(),
        corpus.len(),
        if clean {
            "all laws held"
        } else {
            "A LAW WAS BROKEN"
        }
    );
    clean
}

fn home() -> PathBuf {
    // Set by `cargo run`; beside the sources otherwise.
    env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("fuzz"), PathBuf::from)
}

fn read_corpus(target: Target) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(home().join("corpus").join(target.name()));
    let mut files: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    files
        .iter()
        .filter_map(|file| fs::read(file).ok())
        .collect()
}

fn keep(target: Target, input: &[u8]) {
    let name = format!("{}-{:016x}", target.name(), fnv(input));
    let directory = home().join("artifacts").join(target.name());
    let file = directory.join(name);
    match fs::create_dir_all(&directory).and_then(|()| fs::write(&file, input)) {
        Ok(()) => println!("the input is kept in {}", shown(&file)),
        Err(error) => println!(
            "the input could not be kept ({error}): {}",
            String::from_utf8_lossy(input)
        ),
    }
}

fn shown(file: &Path) -> String {
    file.strip_prefix(home()).map_or_else(
        |_| file.display().to_string(),
        |file| format!("fuzz/{}", file.display()),
    )
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Vigna's SplitMix64: a run is repeated by its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % (bound.max(1) as u64)) as usize
    }

    fn structured(&mut self, target: Target) -> Vec<u8> {
        let bytes: Vec<u8> = (0..128).flat_map(|_| self.next().to_le_bytes()).collect();
        generate(target, &bytes).unwrap_or_default()
    }

    fn mutated(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = corpus[self.below(corpus.len())].clone();
        for _ in 0..=self.below(4) {
            self.mutate(&mut input, corpus);
        }
        input.truncate(LONGEST_INPUT);
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let until = at + self.below((input.len() - at).min(40) + 1);
        match self.below(7) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.letter(),
            2 => input.insert(at, self.letter()),
            3 => drop(input.drain(at..until)),
            4 => {
                let piece = input[at..until].to_vec();
                let to = self.below(input.len() + 1);
                drop(input.splice(to..to, piece));
            }
            5 => {
                let other = &corpus[self.below(corpus.len())];
                let from = self.below(other.len() + 1);
                let to = from + self.below((other.len() - from).min(60) + 1);
                drop(input.splice(at..until, other[from..to].iter().copied()));
            }
            _ => {
                let word = WORDS[self.below(WORDS.len())];
                drop(input.splice(at..at, word.bytes()));
            }
        }
    }

    fn letter(&mut self) -> u8 {
        const LETTERS: &[u8] = b"\"\\{}[]:,.-_=+/ \t\n0123456789abcdefzAZ\x00\x7f\xc3\xa9\xff";
        LETTERS[self.below(LETTERS.len())]
    }
}

const WORDS: &[&str] = &[
    "true",
    "false",
    "null",
    "{}",
    "[]",
    "\"\"",
    "\\u0000",
    "\\ud800",
    "\\\\",
    "1e999",
    "-0",
    "0.1",
    "9007199254740993",
    "integration:*",
    "credential:*",
    "configuration:ext:",
    "ext:",
    "proxy-api",
    "\"alg\":\"none\"",
    "\"crit\":[]",
    "eyJhbGciOiJSUzI1NiJ9",
    "..",
    "=",
    "AQAB",
    "-----BEGIN PUBLIC KEY-----\n",
    "\"kty\":\"RSA\"",
    "\"use\":\"sig\"",
];
