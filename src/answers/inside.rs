//! An answer that a source makes piece by piece itself: started once, stepped, and put into buffers at the end.

use super::{Answering, Reply};
use crate::analysis::inside::{InsideSource, Pass};
use crate::analysis::{AttentionSource, SourceError};
use crate::protocol::{TokenAsked, TokenRead};

/// Starts the source's work.
pub(super) type Begin<T> = Box<dyn Fn(&dyn InsideSource) -> Result<Box<dyn Pass<T>>, SourceError>>;

/// Makes the answer of its result.
pub(super) type Finish<T> = Box<dyn Fn(T, &dyn AttentionSource) -> Result<Reply, SourceError>>;

/// Which token is asked for.
///
/// # Errors
/// Those of [`InsideSource::first_token`].
pub(super) fn read(source: &dyn InsideSource, asked: &TokenAsked) -> Result<TokenRead, SourceError> {
    let (id, n_pieces) = match asked {
        TokenAsked::Id(id) => (*id, 1),
        TokenAsked::Text(text) => source.first_token(text)?,
    };
    Ok(TokenRead { id, token: source.token_name(id), n_pieces: n_pieces as u32 })
}

/// The same of several.
pub(super) fn read_all(source: &dyn InsideSource, asked: &[TokenAsked]) -> Result<Vec<TokenRead>, SourceError> {
    asked.iter().map(|asked| read(source, asked)).collect()
}

/// The work under way.
pub(super) struct Inside<T> {
    begin: Begin<T>,
    pass: Option<Box<dyn Pass<T>>>,
    finish: Finish<T>,
}

impl<T> Inside<T> {
    pub fn new(begin: Begin<T>, finish: Finish<T>) -> Self {
        Self { begin, pass: None, finish }
    }
}

impl<T> Answering for Inside<T> {
    fn step(&mut self, source: &dyn AttentionSource) -> Result<Option<Reply>, SourceError> {
        let Some(pass) = &mut self.pass else {
            self.pass = Some((self.begin)(source.inside())?);
            return Ok(None);
        };
        pass.step()?.map(|result| (self.finish)(result, source)).transpose()
    }
}
