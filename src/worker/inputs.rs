//! What the page asks for, as the engine's jobs take it: texts become tokens.

use crate::edit::PatchFrom;
use crate::engine::chat::{Date, EncodedChat};
use crate::engine::jobs::{Measure, RunInput, SweepKind, Target};
use crate::engine::{Bos, EngineError, LabelOutcome, Model, Outcome, Run};
use crate::protocol::{Input, InputText, OutcomeAsked, OutcomeToken, SweepAsked, TargetAsked};
use crate::trace::{Tokens, Turn};

/// An input as a model reads it.
pub(super) struct ReadInput {
    pub input: RunInput,
    /// The text as the model saw it, both texts joined; empty for ids.
    pub text: String,
    /// Which tokens are of which message of a conversation.
    pub turns: Vec<Turn>,
    /// How many tokens were cut off.
    pub n_cut: usize,
}

/// The tokens of an input, however long, and its text as the model sees it.
pub(super) fn tokens(model: &Model, input: &Input) -> Result<EncodedChat, EngineError> {
    let without_turns = |tokens: Tokens, text: String| EncodedChat { tokens, text, turns: Vec::new() };
    let bos = match input.bos {
        None => Bos::AsTokenizer,
        Some(true) => Bos::On,
        Some(false) => Bos::Off,
    };
    let (tokens, text) = match &input.text {
        InputText::Single(text) => (model.encode(text, None)?, text.clone()),
        InputText::Pair(text, pair) => (model.encode(text, Some(pair))?, format!("{text} {pair}")),
        InputText::Ids(ids) => return Ok(without_turns(model.tokens_from_ids(ids)?, String::new())),
        InputText::Chat(chat) => return model.encode_chat(chat, &today()),
        InputText::RandomBlock { n_tokens, seed } => {
            let tokens = model.random_block(*n_tokens as usize, u64::from(*seed), bos)?;
            return Ok(without_turns(tokens, String::new()));
        }
    };
    Ok(without_turns(model.with_bos(tokens, bos)?, text))
}

/// The date on the reader's clock.
fn today() -> Date {
    let date = js_sys::Date::new_0();
    Date {
        year: i64::from(date.get_full_year()),
        month: date.get_month() + 1,
        day: date.get_date(),
        hour: date.get_hours(),
        minute: date.get_minutes(),
        second: date.get_seconds(),
    }
}

/// The tokens of an input and of its target, cut where the page allows it.
pub(super) fn read(model: &Model, input: &Input) -> Result<ReadInput, EngineError> {
    let EncodedChat { mut tokens, text, mut turns } = tokens(model, input)?;
    let reader = model.encoder().map_or(model, |encoder| encoder);
    let n_cut = if input.cut { tokens.cut_to(reader.spec().n_ctx) } else { 0 };
    let target = match (model.encoder(), &input.target) {
        (None, _) | (Some(_), TargetAsked::Generated) => None,
        (Some(_), TargetAsked::Text(text)) => Some(model.encode_target(text)?),
        (Some(_), TargetAsked::Ids(ids)) => Some(model.tokens_from_ids(ids)?),
    };
    let target = target.map_or(Target::Generated, |mut target| {
        if input.cut {
            target.cut_to(model.spec().n_ctx);
        }
        Target::Tokens(target)
    });
    turns.retain_mut(|turn| {
        turn.end = turn.end.min(tokens.len() as u32);
        turn.start < turn.end
    });
    Ok(ReadInput { input: RunInput { tokens, target }, text, turns, n_cut })
}

/// What is measured of a run.
pub(super) fn measure(model: &Model, asked: &OutcomeAsked) -> Result<Measure, EngineError> {
    Ok(match asked {
        OutcomeAsked::Tokens { answer, others, position } => {
            let id = |token: &OutcomeToken| token.id.map_or_else(|| model.single_token(&token.text), Ok);
            let (answer, others) = (id(answer)?, others.iter().map(id).collect::<Result<_, _>>()?);
            Measure::Tokens(Outcome { answer, others, position: position.map(|position| position as usize) })
        }
        OutcomeAsked::Label { label, against, position } => {
            let index = |index: &u32| *index as usize;
            let missing = || EngineError::Request("no label is chosen".to_owned());
            let label = label.as_ref().map(index).ok_or_else(missing)?;
            Measure::Label(LabelOutcome {
                label,
                against: against.as_ref().map(index),
                position: position.as_ref().map(index),
            })
        }
        OutcomeAsked::Cosine { first, second } => {
            Measure::Cosine([model.encode(first, None)?, model.encode(second, None)?])
        }
    })
}

/// What a sweep on top of `base` tries.
pub(super) fn sweep_kind(base: &Run, asked: SweepAsked) -> Result<SweepKind, EngineError> {
    let model = base.model();
    Ok(match asked {
        SweepAsked::ZeroHeads => SweepKind::ZeroHeads,
        SweepAsked::PositionMeanHeads => SweepKind::PositionMeanHeads,
        SweepAsked::CutKeys => SweepKind::CutKeys,
        SweepAsked::MeanHeads(texts) => {
            let references = texts.iter().map(|text| model.encode(text, None));
            SweepKind::MeanHeads(references.collect::<Result<_, _>>()?)
        }
        SweepAsked::Patch { site, text, is_denoising } => {
            let other = model.encode(&text, None)?;
            let from = match is_denoising {
                false => PatchFrom::Text(text, None),
                true => PatchFrom::Ids(base.tokens().ids.clone()),
            };
            SweepKind::Patch { site, other, from, is_denoising }
        }
        SweepAsked::Each(edits) => SweepKind::Each(edits),
    })
}
