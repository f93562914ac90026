use hallpass_model::{Error, PageRequest, limits};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which rows of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The `next` of the page before.
    pub(crate) after: Option<String>,
    /// How many rows; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
}

impl PageQuery {
    /// The request for that page.
    ///
    /// # Errors
    /// 422 `invalid_query` for a limit out of bounds.
    pub(crate) fn into_request(self) -> Result<PageRequest, Error> {
        let usual = PageRequest::default();
        let limit = self.limit.unwrap_or(usual.limit);
        if limit == 0 || limit > limits::PAGE_ROWS {
            let message = format!("`limit` is 1 to {}", limits::PAGE_ROWS);
            return Err(Error::unprocessable("invalid_query", message).at("/limit"));
        }
        Ok(PageRequest {
            after: self.after,
            limit,
        })
    }
}
