use std::fmt;

use serde_json::Value;

/// What services answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure with two messages: a public one, and internal context that has no `Display`.
///
/// One pointer wide, so that it costs the good path nothing.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    code: &'static str,
    message: String,
    pointer: Option<String>,
    meta: Option<Value>,
    retry_after_secs: Option<u64>,
    context: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Who or what is to blame; each surface maps it to its status once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request cannot be read (400).
    InvalidRequest,
    /// No, or no valid, credentials (401).
    Unauthenticated,
    /// Known, but not allowed (403).
    Forbidden,
    /// Not there, or not theirs to see (404).
    NotFound,
    /// Clashes with what is there (409).
    Conflict,
    /// `If-Match` does not match (412).
    PreconditionFailed,
    /// Larger than we read (413).
    TooLarge,
    /// Well-formed, but not acceptable (422).
    Unprocessable,
    /// Slow down (429).
    TooManyRequests,
    /// Our fault (500).
    Internal,
    /// Not now (503).
    Unavailable,
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $kind:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(code: &'static str, message: impl Into<String>) -> Self {
            Self::new(ErrorKind::$kind, code, message)
        }
    )+};
}

impl Error {
    /// A failure of a kind, with a stable machine-readable code and a public message.
    #[must_use]
    pub fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            code,
            message: message.into(),
            pointer: None,
            meta: None,
            retry_after_secs: None,
            context: None,
        }))
    }

    constructors! {
        /// 400.
        invalid_request => InvalidRequest,
        /// 401.
        unauthenticated => Unauthenticated,
        /// 403.
        forbidden => Forbidden,
        /// 409.
        conflict => Conflict,
        /// 412.
        precondition_failed => PreconditionFailed,
        /// 413.
        too_large => TooLarge,
        /// 422.
        unprocessable => Unprocessable,
        /// 429.
        too_many_requests => TooManyRequests,
        /// 503.
        unavailable => Unavailable,
    }

    /// 404 for a thing of this name.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorKind::NotFound, "not_found", format!("no such {what}"))
    }

    /// 500; what happened stays in the log.
    #[must_use]
    pub fn internal(context: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(
            ErrorKind::Internal,
            "internal",
            "something went wrong on our side; the log has the request id",
        )
        .because(context)
    }

    /// Where in the input it is, as an RFC 6901 pointer.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.0.pointer = Some(pointer.into());
        self
    }

    /// The same failure, seen from the object that holds the faulty one.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> Self {
        if let Some(pointer) = &mut self.0.pointer {
            pointer.insert_str(0, prefix);
        }
        self
    }

    /// More for machines; public.
    #[must_use]
    pub fn with_meta(mut self, meta: Value) -> Self {
        self.0.meta = Some(meta);
        self
    }

    /// When trying again makes sense.
    #[must_use]
    pub fn retry_after(mut self, secs: u64) -> Self {
        self.0.retry_after_secs = Some(secs);
        self
    }

    /// What happened inside; for the log, never for the client.
    #[must_use]
    pub fn because(mut self, context: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.context = Some(context.into());
        self
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The public message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where in the input.
    #[must_use]
    pub fn pointer(&self) -> Option<&str> {
        self.0.pointer.as_deref()
    }

    /// More for machines.
    #[must_use]
    pub fn meta(&self) -> Option<&Value> {
        self.0.meta.as_ref()
    }

    /// Seconds to wait.
    #[must_use]
    pub fn retry_after_secs(&self) -> Option<u64> {
        self.0.retry_after_secs
    }

    /// Internal context, for the log only.
    #[must_use]
    pub fn context(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.0.context.as_deref()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("pointer", &self.0.pointer)
            .field("context", &self.0.context)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}
