//! The logit lens of some layers and positions.

use std::collections::BTreeMap;

use super::inside::Inside;
use super::{Answering, Reply};
use crate::analysis::inside::InsideSource;
use crate::analysis::inside::lens::{LensAsked, LensCell, LensTable, LensToken};
use crate::analysis::{AttentionSource, SourceError};
use crate::protocol::{Answer, TokenAsked, TokenRead};

/// Prepares the answer.
pub(super) fn start(layers: &[u32], positions: &[u32], n_top: u32, token: Option<TokenAsked>) -> Box<dyn Answering> {
    let wide = |indices: &[u32]| indices.iter().map(|&index| index as usize).collect::<Vec<usize>>();
    let asked = LensAsked { layers: wide(layers), positions: wide(positions), n_top: n_top as usize, token: None };
    let (n_layers, n_positions) = (layers.len() as u32, positions.len() as u32);
    let for_end = token.clone();
    Box::new(Inside::new(
        Box::new(move |source| {
            let token = token.as_ref().map(|token| read(source, token)).transpose()?;
            source.lens(LensAsked { token: token.map(|token| token.id), ..asked.clone() })
        }),
        Box::new(move |table, source| {
            let token = for_end.as_ref().map(|token| read(source.inside(), token)).transpose()?;
            Ok(reply(&table, n_layers, n_positions, token, source))
        }),
    ))
}

/// Which token, or label, is asked for.
fn read(source: &dyn InsideSource, asked: &TokenAsked) -> Result<TokenRead, SourceError> {
    let (id, n_pieces) = match asked {
        TokenAsked::Id(id) => (*id, 1),
        TokenAsked::Text(text) => source.lens_token(text)?,
    };
    Ok(TokenRead { id, token: source.lens_name(id), n_pieces: n_pieces as u32 })
}

fn reply(
    table: &LensTable,
    n_layers: u32,
    n_positions: u32,
    token: Option<TokenRead>,
    source: &dyn AttentionSource,
) -> Reply {
    // A vocabulary may have fewer tokens than were asked for.
    let n_top = table.cells.iter().map(|cell| cell.top.len()).min().unwrap_or(0);
    let each = |number: fn(&LensCell) -> f32| table.cells.iter().map(number).collect::<Vec<f32>>();
    let of_token = |number: fn(&LensToken) -> f32| {
        table.cells.iter().filter_map(|cell| cell.token.as_ref().map(number)).collect::<Vec<f32>>()
    };
    let top = |number: fn(&(u32, f32)) -> f32| {
        table.cells.iter().flat_map(|cell| cell.top[..n_top].iter().map(number)).collect::<Vec<f32>>()
    };
    let ids = table.cells.iter().flat_map(|cell| cell.top[..n_top].iter().map(|(id, _)| *id));
    let names: BTreeMap<u32, String> = ids.map(|id| (id, source.inside().lens_name(id))).collect();
    let names = names.into_iter().collect();
    Reply {
        answer: Answer::Lens { n_layers, n_positions, n_top: n_top as u32, names, token },
        buffers: vec![
            each(|cell| cell.entropy),
            each(|cell| cell.kl),
            of_token(|token| token.prob),
            of_token(|token| token.rank as f32),
            of_token(|token| token.logit),
            top(|(_, prob)| *prob),
            top(|(id, _)| *id as f32),
        ],
    }
}
