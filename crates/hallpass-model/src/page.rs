use crate::limits;

/// Which rows of a list to return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The `next` of the page before; opaque to callers.
    pub after: Option<String>,
    /// How many rows, 1-200.
    pub limit: u32,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self {
            after: None,
            limit: 50,
        }
    }
}

impl PageRequest {
    /// The limit within its bounds.
    #[must_use]
    pub fn bounded_limit(&self) -> u32 {
        self.limit.clamp(1, limits::PAGE_ROWS)
    }
}

/// Some rows of a list and where the next ones start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Pass as `after` for more; `None` at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The same page with other rows.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(each).collect(),
            next: self.next,
        }
    }
}
