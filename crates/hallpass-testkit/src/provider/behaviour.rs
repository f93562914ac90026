/// How the provider answers. Everything but [`Behaviour::Serve`] is something that a real one does on a bad day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// The documents as they should be.
    #[default]
    Serve,
    /// This body instead of the document, with 200 and `application/json`.
    Body(Vec<u8>),
    /// This status, and a short text.
    Status(u16),
    /// A page that greets people, with 200 and `text/html`.
    Html,
    /// 302 to this address.
    Redirect(String),
    /// Takes the request and never answers.
    Hang,
    /// A good head, then one byte per second for ever.
    Drip,
    /// The head itself, one byte per second.
    DripHead,
    /// This many bytes, really sent, without saying how many there will be.
    Huge(u64),
    /// Says that 50 GB follow, sends the document and then nothing.
    HugeClaim,
    /// Says that more follows than does, and closes.
    CutOff,
    /// Resets every connection.
    Reset,
    /// Exactly these bytes, head and all, then closes.
    Verbatim(Vec<u8>),
}

impl Behaviour {
    /// This text in place of the document.
    #[must_use]
    pub fn body(text: impl Into<Vec<u8>>) -> Self {
        Self::Body(text.into())
    }
}
