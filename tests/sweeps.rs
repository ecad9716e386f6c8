//! Sweeps: their cells are runs under one more edit, and a sweep that is stopped goes on.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::sync::Arc;

use crate::support::engine::{finished, load_golden};
use crate::support::jobs::{OTHER, TEXT, an_outcome, base, edits};
use headlight::analysis::similarity::{cosine, mean_pooled};
use headlight::edit::{PatchFrom, PatchSite, list_to_json};
use headlight::engine::jobs::{
    Job, Measure, RunInput, RunJob, RunOptions, SimilarityJob, SweepJob, SweepKind, SweepPart, Target, complete,
    complete_with,
};
use headlight::engine::{Captures, CompiledEdits, Measured, PatchValues, Step};
use headlight::trace::{Lengths, Stack};

fn parts_of(job: SweepJob) -> Vec<SweepPart> {
    let mut parts = Vec::new();
    complete_with(job, |part| parts.push(part)).unwrap();
    parts.sort_by_key(|part| part.index);
    parts
}

/// Two jobs, the second of which knows what the first one has handed out, answer as one does.
#[test]
fn a_sweep_goes_on_where_it_stopped() {
    let model = load_golden("llama");
    let base = base(&model);
    let before = base.final_stream().to_vec();
    let job = || {
        let measure = Measure::Tokens(an_outcome());
        SweepJob::new(Arc::clone(&base), Vec::new(), SweepKind::ZeroHeads, measure).unwrap()
    };
    let whole = parts_of(job());
    let mut stopped = job();
    let mut parts = Vec::new();
    while parts.len() < whole.len() / 2 {
        assert_eq!(stopped.step().unwrap(), Step::More);
        parts.extend(stopped.drain());
    }
    drop(stopped);
    assert!(parts.len() < whole.len());
    let known: Vec<usize> = parts.iter().map(|part| part.index).collect();
    let rest = parts_of(job().resume(known.clone()));
    assert!(rest.iter().all(|part| !known.contains(&part.index)), "nothing is tried twice");
    parts.extend(rest);
    parts.sort_by_key(|part| part.index);
    assert_eq!(parts.len(), whole.len());
    for (part, expected) in parts.iter().zip(&whole) {
        assert_eq!((part.index, &part.cell), (expected.index, &expected.cell));
        let (found, expected) = (part.outcome.unwrap().value(), expected.outcome.unwrap().value());
        assert!((found - expected).abs() < 1e-5, "cell {}: {found} instead of {expected}", part.index);
    }
    assert_eq!(base.final_stream(), before, "the base is as it was");
}

/// All positions of the stream patched at one layer restore everything; each position alone is a cell.
#[test]
fn patched_streams_come_from_the_other_input() {
    let model = load_golden("gpt2");
    let base = base(&model);
    let other = model.encode(OTHER, None).unwrap();
    let from = PatchFrom::Text(OTHER.to_owned(), None);
    let kind = |site, is_denoising| {
        let (other, from) = (other.clone(), from.clone());
        SweepKind::Patch { site, other, from, is_denoising }
    };
    let other_run = finished(&model, other.clone(), CompiledEdits::none(), Captures::none());
    for (site, is_denoising) in PatchSite::EACH.into_iter().flat_map(|site| [(site, false), (site, true)]) {
        let measure = Measure::Tokens(an_outcome());
        let job = SweepJob::new(Arc::clone(&base), Vec::new(), kind(site, is_denoising), measure).unwrap();
        let mut parts = Vec::new();
        let result = complete_with(job, |part| parts.push(part)).unwrap();
        assert_eq!(result.other, Some(Measured::Tokens(an_outcome().value(&other_run).unwrap())));
        let n_columns = if site.is_by_position() { base.tokens().len() } else { model.spec().n_heads };
        assert_eq!(parts.len(), model.spec().n_layers * n_columns, "{site:?}");
        let (on, donor) = if is_denoising { (&other_run, &*base) } else { (&*base, &other_run) };
        let part = parts.iter().find(|part| part.cell.layer == 1 && part.cell.column == n_columns - 1).unwrap();
        let mut values = PatchValues::default();
        let hook = format!("blocks.1.{}", site.site().name()).parse().unwrap();
        let captured = finished(&model, donor.tokens().clone(), CompiledEdits::none(), Captures::of([hook]));
        values.insert(&from, hook, captured.activation(hook).unwrap());
        let list = [part.cell.edit.clone()];
        let lengths = Lengths::from(on.tokens().len());
        let bound = CompiledEdits::bind_strictly(&list, model.spec(), None, lengths, &values).unwrap();
        let alone = an_outcome().value(&finished(&model, on.tokens().clone(), bound, Captures::none())).unwrap();
        assert!(
            (part.outcome.unwrap().value() - alone.logit_difference).abs() < 1e-5,
            "{site:?}, denoising {is_denoising}"
        );
    }
    let other = model.encode("Too short", None).unwrap();
    let short = SweepKind::Patch { site: PatchSite::Stream, other, from, is_denoising: false };
    let refused = SweepJob::new(base, Vec::new(), short, Measure::Tokens(an_outcome())).unwrap_err();
    assert!(refused.to_string().contains("equal length"), "{refused}");
}

#[test]
fn mean_heads_are_means_over_all_positions_of_the_references() {
    let model = load_golden("attn_only");
    let base = base(&model);
    let references = [OTHER, "A question."].map(|text| model.encode(text, None).unwrap());
    let z = "blocks.1.attn.hook_z".parse().unwrap();
    let (d_head, n_heads) = (model.spec().d_head, model.spec().n_heads);
    let (layer, head) = (1, 2);
    let mut sum = vec![0.0; d_head];
    let mut n_rows = 0;
    for tokens in &references {
        let run = finished(&model, tokens.clone(), CompiledEdits::none(), Captures::of([z]));
        for row in run.captured(z).unwrap().chunks_exact(n_heads * d_head) {
            sum.iter_mut().zip(&row[head * d_head..]).for_each(|(sum, value)| *sum += f64::from(*value));
            n_rows += 1;
        }
    }
    let mean: Vec<f32> = sum.iter().map(|sum| (sum / f64::from(n_rows)) as f32).collect();
    let kind = SweepKind::MeanHeads(references.to_vec());
    let parts = parts_of(SweepJob::new(Arc::clone(&base), Vec::new(), kind, Measure::Tokens(an_outcome())).unwrap());
    let part = &parts[layer * n_heads + head];
    let json = part.cell.edit.to_json();
    let found: Vec<f32> = serde_json::from_value(json["value"].clone()).unwrap();
    assert!(found.iter().zip(&mean).all(|(found, mean)| (found - mean).abs() < 1e-6), "{found:?} {mean:?}");
    let none = SweepJob::new(base, Vec::new(), SweepKind::MeanHeads(Vec::new()), Measure::Tokens(an_outcome()));
    assert!(none.unwrap_err().to_string().contains("at least one"));
}

#[test]
fn a_sweeps_cosine_is_of_two_texts_under_the_same_edit() {
    let model = load_golden("bert");
    let texts = [TEXT, "A nurse walks home."].map(|text| model.encode(text, None).unwrap());
    let alike = |json: &str| {
        let pooled = texts.clone().map(|tokens| {
            let bound = CompiledEdits::bind(&edits(json), model.spec(), tokens.len()).unwrap();
            let run = finished(&model, tokens, bound, Captures::none());
            mean_pooled(run.final_stream(), model.spec().d_model)
        });
        cosine(&pooled[0], &pooled[1]).unwrap()
    };
    let measure = Measure::Cosine(texts.clone());
    let job = SweepJob::new(base(&model), Vec::new(), SweepKind::ZeroHeads, measure.clone()).unwrap();
    let mut parts = Vec::new();
    let result = complete_with(job, |part| parts.push(part)).unwrap();
    assert!((f64::from(result.base.value()) - alike("[]")).abs() < 1e-6);
    let n_cells = model.spec().n_layers * model.spec().n_heads;
    assert_eq!(parts.len(), n_cells);
    for part in parts.iter().step_by(5) {
        let json = list_to_json([&part.cell.edit]);
        let (found, expected) = (part.outcome.unwrap().value(), alike(&json));
        assert!((f64::from(found) - expected).abs() < 1e-5, "{json}: {found} instead of {expected}");
    }
    let similarity = SimilarityJob::new(&model, texts.clone().map(RunInput::from), &[]).unwrap();
    assert!((complete(similarity).unwrap() - alike("[]")).abs() < 1e-6);
    let positions = SweepJob::new(base(&model), Vec::new(), SweepKind::CutKeys, measure);
    assert!(positions.unwrap_err().to_string().contains("only heads"));
}

#[test]
fn each_edit_that_fits_is_a_cell() {
    let model = load_golden("gpt2");
    let base = base(&model);
    let list = edits(
        r#"[{"kind":"zero_head","layer":0,"head":1},{"kind":"zero_head","layer":99,"head":1},{"kind":"zero_value","layer":1,"key":2}]"#,
    );
    let kind = SweepKind::Each(list.clone());
    let parts = parts_of(SweepJob::new(base, Vec::new(), kind, Measure::Tokens(an_outcome())).unwrap());
    let cells: Vec<_> = parts.iter().map(|part| (part.cell.column, &part.cell.edit)).collect();
    assert_eq!(cells, [(0, &list[0]), (2, &list[2])]);
}

#[test]
fn a_decoders_heads_can_be_swept() {
    let model = load_golden("t5");
    let tokens = model.encode(TEXT, None).unwrap();
    let target = Target::Tokens(model.encode_target(OTHER).unwrap());
    let input = RunInput { tokens, target };
    let run = complete(RunJob::new(Arc::clone(&model), input, Vec::new(), RunOptions::default()).unwrap()).unwrap().run;
    let base = Arc::new(run);
    let parts = parts_of(
        SweepJob::new(Arc::clone(&base), Vec::new(), SweepKind::ZeroHeads, Measure::Tokens(an_outcome())).unwrap(),
    );
    let part = parts.last().unwrap();
    let (n_pos, n_source) = (base.tokens().len(), base.source().unwrap().tokens().len());
    let list = [part.cell.edit.clone()];
    let lengths = Lengths { n_pos, n_source };
    let bound = CompiledEdits::bind_stack(&list, model.spec(), Stack::Decoder, lengths).unwrap();
    let mut alone = base.again(bound, Captures::none()).unwrap();
    alone.complete().unwrap();
    let expected = an_outcome().value(&alone).unwrap().logit_difference;
    assert!((part.outcome.unwrap().value() - expected).abs() < 1e-5);
}
