//! Issuing tokens, against the signature in them; opening and keeping sessions; what sessions take on disk.
//!
//! The service works on several threads, so its cost is the processor time of the whole process, while rounds of the bare
//! signature run in turns with it.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use hallpass_core::{
    MasterKeys, OperatorCaller, Options, Services, Surroundings, SystemClock, SystemRng,
};
use hallpass_egress::{Egress, EgressOptions};
use hallpass_jose::{ProtectedHeader, SigningKey};
use hallpass_model::{EnvironmentId, Session, SessionId};
use hallpass_seal::{KeyRing, MasterKey};
use hallpass_store::Store;
use hallpass_testkit::person::{Person, Signing, signed_in};
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::arguments::Arguments;
use crate::report::{Amount, Goal, Report, Row};
use crate::timing::{Side, Spread, interleaved};

/// What is asked for at the same time.
const AT_ONCE: usize = 16;
/// The variable by which tests find a server; its URL names a database that this section may fill.
const POSTGRES: &str = "HALLPASS_TEST_POSTGRES_URL";

pub fn measure(arguments: &Arguments, report: &mut Report) -> Result<()> {
    around_the_signature(arguments, report)?;
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("bench.db");
    let home = Home::open(&format!("sqlite:{}", file.display()))?;
    home.issue(arguments, report, "SQLite")?;
    home.sessions(arguments, report, "SQLite")?;
    home.disk(arguments, report, &file)?;
    drop(home);
    match std::env::var(POSTGRES) {
        Ok(_) => {
            let runtime = runtime()?;
            let database = runtime.block_on(hallpass_testkit::Database::postgres());
            let home = Home::over(runtime, database.store().clone())?;
            home.issue(arguments, report, "PostgreSQL")?;
            home.sessions(arguments, report, "PostgreSQL")?;
        }
        Err(_) => report.note(format!(
            "issuing: PostgreSQL was not measured; {POSTGRES} names no server"
        )),
    }
    Ok(())
}

/// From claims to a signed token, as `POST /auth/jwt` makes it, against nothing but the signature.
fn around_the_signature(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let bare = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let der: Pkcs8V1Der<'_> = bare.as_der()?;
    let pem = pem(der.as_ref());
    let key = SigningKey::from_pem(&pem)?;
    let kid = key.verifying_key().thumbprint();
    let header = ProtectedHeader {
        kid: Some(&kid),
        typ: Some("JWT"),
    };
    let claims = serde_json::json!({
        "sub": "5a0b6f5e-1c1f-4d1e-9d53-6a4f0b3c2d1e", "aud": "0b5c8f0e-9a55-4a54-8a0c-0d5a4f3c2b1a",
        "iat": 1_767_225_600, "exp": 1_767_227_400, "sid": "01994d3a-7b4e-7c55-8f3a-2f6d0c9b8a71",
        "data": {"userId": "5a0b6f5e-1c1f-4d1e-9d53-6a4f0b3c2d1e", "authType": "email", "identifier": "ana@example.com",
                 "email": "ana@example.com", "wallets": [], "connectedWallets": []},
    });
    let token = key.sign(&header, claims.to_string().as_bytes())?;
    let (message, _) = token.rsplit_once('.').context("a compact token")?;
    let random = SystemRandom::new();
    let mut signature = vec![0; bare.public_modulus_len()];
    let [ours, raw] = interleaved(
        arguments.rounds(),
        [
            Side::each(|_| {
                let payload = serde_json::to_vec(black_box(&claims));
                black_box(payload.is_ok_and(|payload| key.sign(&header, &payload).is_ok()));
            }),
            Side::each(|_| {
                let message = black_box(message.as_bytes());
                black_box(
                    bare.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                        .is_ok(),
                );
            }),
        ],
    );
    report.push(Row {
        what: format!(
            "a token from its claims ({} bytes): of bare RSA-2048 signing",
            token.len()
        ),
        measured: Amount::Nanos(ours.nanos().median),
        peer: Some(("aws-lc-rs", Amount::Nanos(raw.nanos().median))),
        ratio: Some(raw.over(&ours)),
        goal: Some(Goal::AtLeast(0.95)),
    });
    Ok(())
}

/// The services over one database, and somebody signed in.
struct Home {
    runtime: Runtime,
    services: Arc<Services>,
    store: Store,
    environment: EnvironmentId,
    person: Arc<Person>,
}

impl Home {
    fn open(url: &str) -> Result<Self> {
        let runtime = runtime()?;
        let store = runtime.block_on(async {
            let store = Store::open(url).await?;
            store.migrate().await?;
            anyhow::Ok(store)
        })?;
        Self::over(runtime, store)
    }

    fn over(runtime: Runtime, store: Store) -> Result<Self> {
        let (services, environment, person) = runtime.block_on(async {
            let master_keys =
                MasterKeys::from_source(|| Ok(Some(KeyRing::new(MasterKey::generate([7; 32])))));
            let surroundings = Surroundings {
                master_keys,
                ..Surroundings::new(Egress::new(EgressOptions::default())?)
            };
            let services = Services::start(
                store.clone(),
                Arc::new(SystemClock::start()),
                Arc::new(SystemRng::new()),
                surroundings,
                Options::default(),
            )
            .await?;
            let caller = OperatorCaller::command_line();
            let project = services
                .projects
                .create(&caller, "Bench")
                .await?
                .into_inner();
            let environment = services
                .environments
                .create(&caller, project.id, "bench")
                .await?
                .into_inner()
                .id;
            let signing = Signing::by_email("ana@example.com");
            let person = signed_in(&services, &store, environment, signing).await;
            // Makes the keys, which is not what is measured.
            person.issue(&services, 0).await?;
            anyhow::Ok((services, environment, Arc::new(person)))
        })?;
        Ok(Self {
            runtime,
            services,
            store,
            environment,
            person,
        })
    }

    /// The whole service: the app by its key, the session by its secret, account and wallets, the token.
    fn issue(&self, arguments: &Arguments, report: &mut Report, engine: &str) -> Result<()> {
        let bare = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let random = SystemRandom::new();
        let (rounds, times) = (arguments.rounds() / 4, 64);
        let (mut ours, mut raw) = (Vec::new(), Vec::new());
        let started = Instant::now();
        for _ in 0..rounds {
            let before = processor_nanos();
            let mut signature = vec![0; bare.public_modulus_len()];
            for _ in 0..times {
                bare.sign(&RSA_PKCS1_SHA256, &random, &[7; 500], &mut signature)?;
            }
            let between = processor_nanos();
            self.all_at_once(times, |services, person| async move {
                person.issue(&services, 0).await.map(drop)
            })?;
            let after = processor_nanos();
            raw.push((between - before) / times as f64);
            ours.push((after - between) / times as f64);
        }
        let ratios = raw.iter().zip(&ours).map(|(raw, ours)| raw / ours);
        let ratio = Spread::of(ratios.collect());
        let (ours, raw) = (Spread::of(ours).median, Spread::of(raw).median);
        report.push(Row {
            what: format!("a token from the service, {engine}: of bare RSA-2048 signing"),
            measured: Amount::Nanos(ours),
            peer: Some(("aws-lc-rs", Amount::Nanos(raw))),
            ratio: Some(ratio),
            goal: Some(Goal::AtLeast(0.95)),
        });
        report.note(format!(
            "issuing, {engine}: {:.0} tokens per second and core, bare signing {:.0}; measured in {:.0} s",
            1e9 / ours,
            1e9 / raw,
            started.elapsed().as_secs_f64()
        ));
        Ok(())
    }

    /// Opening and keeping sessions, by the wall clock: what is written waits for the disk.
    fn sessions(&self, arguments: &Arguments, report: &mut Report, engine: &str) -> Result<()> {
        let times = if arguments.quick { 400 } else { 4_000 };
        let known = self.per_second(times, |services, person| async move {
            let app = services.api_keys.authenticate(&person.key, None).await?;
            services
                .sessions
                .open(app, Some(&person.secret))
                .await
                .map(drop)
        })?;
        let fresh = self.per_second(times, |services, person| async move {
            let app = services.api_keys.authenticate(&person.key, None).await?;
            services.sessions.open(app, None).await.map(drop)
        })?;
        let kept = self.per_second(times, |services, person| async move {
            let caller = person.present(&services).await?;
            services.sessions.extend(caller).await.map(drop)
        })?;
        for (what, number) in [
            ("touch, a known session", known),
            ("touch, a new session", fresh),
            ("keep-alive", kept),
        ] {
            report.push(Row {
                what: format!("{what}, {engine}"),
                measured: Amount::PerSecond(number),
                peer: None,
                ratio: None,
                goal: None,
            });
        }
        Ok(())
    }

    /// Growth of the file by many sessions, as they are kept: with an account, a login and a wallet.
    fn disk(&self, arguments: &Arguments, report: &mut Report, file: &Path) -> Result<()> {
        let sessions: usize = if arguments.quick { 10_000 } else { 100_000 };
        let before = size_of(file)?;
        self.runtime.block_on(async {
            let mut tx = self.store.read().await?;
            let found = tx
                .find_session(self.environment, self.person.session)
                .await?;
            let model = found.context("the person's session")?;
            drop(tx);
            for batch in 0..sessions / 1000 {
                let mut tx = self.store.write().await?;
                for number in 0..1000 {
                    let number = batch * 1000 + number;
                    let mut digest = [0; 32];
                    self.services.rng.fill(&mut digest);
                    let session = Session {
                        id: SessionId::from_time_and_random(
                            1_767_225_600_000 + number as u64,
                            self.services.rng.bytes(),
                        ),
                        origin: Some("https://app.example.com".to_owned()),
                        ..model.clone()
                    };
                    tx.insert_session(&session, &digest).await?;
                }
                tx.commit().await?;
            }
            anyhow::Ok(())
        })?;
        let grown = size_of(file)? - before;
        let each = grown as f64 / sessions as f64;
        report.push(Row {
            what: format!("a session on disk, SQLite, {sessions} sessions"),
            measured: Amount::Bytes(each),
            peer: None,
            ratio: None,
            goal: None,
        });
        report.note(format!(
            "issuing: 1000000 sessions would take {each:.0} MB, by {sessions} that were written"
        ));
        Ok(())
    }

    fn per_second<F, W>(&self, times: usize, work: W) -> Result<f64>
    where
        F: Future<Output = hallpass_model::Result<()>> + Send + 'static,
        W: Fn(Arc<Services>, Arc<Person>) -> F,
    {
        let started = Instant::now();
        self.all_at_once(times, work)?;
        Ok(times as f64 / started.elapsed().as_secs_f64())
    }

    fn all_at_once<F, W>(&self, times: usize, work: W) -> Result<()>
    where
        F: Future<Output = hallpass_model::Result<()>> + Send + 'static,
        W: Fn(Arc<Services>, Arc<Person>) -> F,
    {
        self.runtime.block_on(async {
            let mut running = JoinSet::new();
            for _ in 0..times {
                if running.len() >= AT_ONCE {
                    running.join_next().await.context("a task")???;
                }
                running.spawn(work(Arc::clone(&self.services), Arc::clone(&self.person)));
            }
            while let Some(done) = running.join_next().await {
                done??;
            }
            Ok(())
        })
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.runtime.block_on(self.services.stop());
    }
}

fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

fn processor_nanos() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

/// The database and what waits beside it to be written into it.
fn size_of(file: &Path) -> Result<u64> {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let log = std::fs::metadata(log).map_or(0, |log| log.len());
    Ok(std::fs::metadata(file)?.len() + log)
}

fn pem(der: &[u8]) -> String {
    let text = data_encoding::BASE64.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}
