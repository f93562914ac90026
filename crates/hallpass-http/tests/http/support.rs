//! An installation with its router, and requests that read like the product.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use hallpass_core::NewOperator;
use hallpass_http::{AppState, HttpSettings, LocalOperator, app};
use hallpass_model::{ProjectId, Role};
use hallpass_testkit::Database;
use hallpass_testkit::provider::FakeProvider;
use hallpass_testkit::world::World;
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::paper;

pub struct Site {
    pub world: World,
    pub app: Router,
    database: Database,
}

pub struct Call {
    app: Router,
    request: http::request::Builder,
    body: Body,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Site {
    pub async fn new(database: Database) -> Self {
        Self::with_settings(database, HttpSettings::default()).await
    }

    pub async fn on_sqlite() -> Self {
        Self::new(Database::sqlite().await).await
    }

    pub async fn with_settings(database: Database, settings: HttpSettings) -> Self {
        paper::take_down();
        let world = World::new(database.store().clone()).await;
        Self::of(database, world, settings)
    }

    /// A site that may call these identity providers.
    pub async fn beside(database: Database, providers: &[&FakeProvider]) -> Self {
        paper::take_down();
        let world = World::beside(database.store().clone(), providers).await;
        Self::of(database, world, HttpSettings::default())
    }

    pub fn of(database: Database, world: World, settings: HttpSettings) -> Self {
        let app = app(AppState::new(world.services.clone(), settings));
        Self {
            world,
            app,
            database,
        }
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The key of a new operator.
    pub async fn operator(
        &self,
        name: &str,
        role: Role,
        projects: Option<Vec<ProjectId>>,
    ) -> String {
        let new = NewOperator {
            name: name.to_owned(),
            role,
            projects,
            expires_in_secs: None,
        };
        let admin = self.world.admin();
        let made = self.world.services.operators.create(&admin, new).await;
        let made = made.expect("an operator").into_inner();
        made.secret.expect("shown once").to_string()
    }

    pub async fn admin_key(&self) -> String {
        self.operator("root", Role::Admin, None).await
    }

    pub fn call(&self, method: &str, path: &str) -> Call {
        let method: Method = method.parse().expect("a method");
        Call {
            app: self.app.clone(),
            request: Request::builder().method(method).uri(path),
            body: Body::empty(),
        }
    }

    /// Has the environment trust a provider; answers its id.
    pub async fn trust(&self, provider: &FakeProvider) -> String {
        let settings = serde_json::to_value(provider.settings()).expect("JSON");
        self.trust_with(&settings).await
    }

    /// The same with settings of the test's own.
    pub async fn trust_with(&self, settings: &Value) -> String {
        let call = self.environment("POST", "/identity-providers").local();
        let made = call.json(settings).send().await.ok(201);
        made["id"].as_str().expect("an id").to_owned()
    }

    /// A call of the environment's Connect surface.
    pub fn sdk(&self, method: &str, path: &str) -> Call {
        let environment = self.world.environment;
        self.call(method, &format!("/projects/{environment}/sdk/{path}"))
    }

    /// A call of the admin API below the environment.
    pub fn environment(&self, method: &str, path: &str) -> Call {
        let environment = self.world.environment;
        self.call(
            method,
            &format!("/admin/v1/environments/{environment}{path}"),
        )
    }
}

impl Call {
    pub fn bearer(self, credential: &str) -> Self {
        self.header("authorization", &format!("Bearer {credential}"))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn from(mut self, address: &str) -> Self {
        let address: SocketAddr = address.parse().expect("a socket address");
        self.request = self.request.extension(ConnectInfo(address));
        self
    }

    /// To another node.
    pub fn to(mut self, app: &Router) -> Self {
        self.app = app.clone();
        self
    }

    pub fn local(mut self) -> Self {
        self.request = self.request.extension(LocalOperator);
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.text("application/json", &body.to_string())
    }

    pub fn text(mut self, content_type: &str, body: &str) -> Self {
        self.body = Body::from(body.to_owned());
        self.header("content-type", content_type)
    }

    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    pub async fn send(self) -> Answer {
        let request = self.request.body(self.body).expect("a request");
        let response = self
            .app
            .oneshot(request)
            .await
            .expect("the router never fails");
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.expect("a body").to_bytes(),
        }
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("JSON, not {:?}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Checks status and code together, and shows the answer if they differ.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Self {
        assert_eq!(
            (self.status, &*self.code()),
            (status, code),
            "{}",
            self.text()
        );
        self
    }

    #[track_caller]
    pub fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }
}
