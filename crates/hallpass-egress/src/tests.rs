//! The gate with public rules, which loopback servers never satisfy: here the rules call `127.0.0.1` public and the rest of loopback private.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};

use crate::address::{Range, find_range};
use crate::policy::Policy;
use crate::{BoxFuture, Egress, Limits, Resolver};

const LIMITS: Limits = Limits {
    deadline: Duration::from_secs(30),
    body_bytes: 1024,
    redirects: 0,
};

/// The first answers in turn; the last one from then on.
struct Flipping {
    answers: Vec<Vec<&'static str>>,
    asked: AtomicUsize,
}

impl Resolver for Flipping {
    fn resolve(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers.get(turn).or(self.answers.last());
        let answer = answer.into_iter().flatten();
        let addresses = answer.filter_map(|text| text.parse().ok()).collect();
        Box::pin(async move { Ok(addresses) })
    }
}

fn judge(address: IpAddr) -> Option<&'static Range> {
    find_range(address).filter(|_| address != IpAddr::from([127, 0, 0, 1]))
}

/// A policy under which `flip.test` at the port is public, and this is listed.
fn policy(allow: &[String], port: u16) -> Policy {
    Policy {
        allow: allow
            .iter()
            .filter_map(|listed| listed.parse().ok())
            .collect(),
        ports: Box::leak(Box::new([port])),
        judge,
    }
}

/// Counts connections and hangs up on each.
async fn listener(at: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(at).await.expect("a loopback port");
    let address = listener.local_addr().expect("bound");
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, count)
}

struct Scene {
    egress: Egress,
    names: Arc<Flipping>,
    url: String,
    public: Arc<AtomicUsize>,
    private: Arc<AtomicUsize>,
}

async fn scene(answers: &[&[&'static str]]) -> Scene {
    let (public_at, public) = listener(([127, 0, 0, 1], 0).into()).await;
    let port = public_at.port();
    let (_, private) = listener(([127, 0, 0, 2], port).into()).await;
    let names = Arc::new(Flipping {
        answers: answers.iter().map(|answer| answer.to_vec()).collect(),
        asked: AtomicUsize::new(0),
    });
    let policy = policy(&[], port);
    let resolver = Arc::clone(&names) as Arc<dyn Resolver>;
    Scene {
        egress: Egress::with_policy(policy, &[], resolver).expect("a client"),
        names,
        url: format!("https://flip.test:{port}/"),
        public,
        private,
    }
}

impl Scene {
    async fn outcome(&self) -> &'static str {
        match self.egress.get(&self.url, LIMITS).await {
            Ok(_) => "ok",
            Err(error) => error.code(),
        }
    }

    /// Questions, connections to the public address, connections to the private one.
    fn counts(&self) -> [usize; 3] {
        [&self.names.asked, &*self.public, &*self.private].map(|count| count.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn row_49_a_flip_after_the_check_changes_nothing() {
    let scene = scene(&[&["127.0.0.1"], &["127.0.0.2"]]).await;
    // The listener hangs up: that the handshake failed shows that the connection was made.
    assert_eq!(scene.outcome().await, "egress_tls_failed");
    assert_eq!(scene.counts(), [1, 1, 0]);
    for asked in 2..6 {
        assert_eq!(scene.outcome().await, "egress_blocked");
        assert_eq!(scene.counts(), [asked, 1, 0]);
    }
}

#[tokio::test]
async fn row_49_a_private_second_address_blocks_the_public_first() {
    for answer in [
        ["127.0.0.1", "127.0.0.2"],
        ["127.0.0.2", "127.0.0.1"],
        ["127.0.0.1", "::1"],
    ] {
        let scene = scene(&[&answer]).await;
        assert_eq!(scene.outcome().await, "egress_blocked");
        assert_eq!(scene.counts(), [1, 0, 0]);
    }
}

#[tokio::test]
async fn row_49_a_failed_connection_is_not_tried_elsewhere() {
    let scene = scene(&[&["127.0.0.1"], &["127.0.0.2"]]).await;
    // Bound, so that nobody else takes the port, and not listening.
    let closed = TcpSocket::new_v4().expect("a socket");
    closed.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let port = closed.local_addr().expect("bound").port();
    let policy = policy(&[], port);
    let resolver = Arc::clone(&scene.names) as Arc<dyn Resolver>;
    let egress = Egress::with_policy(policy, &[], resolver).expect("a client");
    let outcome = egress
        .get(&format!("https://flip.test:{port}/"), LIMITS)
        .await;
    assert_eq!(
        outcome.map(|_| ()).map_err(|error| error.code()),
        Err("egress_connect_failed")
    );
    assert_eq!(scene.counts(), [1, 0, 0]);
}

/// What listing is for: whoever names the endpoint may have it, a stranger who points at it may not.
#[test]
fn row_47_from_outside_nothing_leads_to_a_listed_endpoint() {
    let listed = ["10.1.2.3:8080", "inside.test:443", "10.1.2.3:443"].map(str::to_owned);
    let policy = policy(&listed, 443);
    let outside = "https://flip.test/a";
    for (from, to, leads) in [
        (outside, "https://other.test/", true),
        (outside, "/elsewhere", true),
        (outside, "https://inside.test/", false),
        (outside, "https://inside.test:443/", false),
        (outside, "//INSIDE.test/admin/delete?id=1", false),
        (outside, "https://10.1.2.3/", false),
        (outside, "http://10.1.2.3:8080/", false),
        ("https://inside.test/", "https://inside.test/b", true),
        ("https://inside.test/", "https://10.1.2.3/", true),
        ("https://inside.test/", outside, true),
        // Never down, whoever is listed.
        ("https://inside.test/", "http://10.1.2.3:8080/", false),
        ("http://10.1.2.3:8080/", "https://inside.test/", true),
        ("http://10.1.2.3:8080/", "/again", true),
    ] {
        let first = policy.check_text(from).expect("a good URL").url;
        let target = policy.check_target(&first, to).expect("a good target");
        assert_eq!(
            policy.check_step(&first, &target).is_ok(),
            leads,
            "{from} -> {to}"
        );
    }
}
