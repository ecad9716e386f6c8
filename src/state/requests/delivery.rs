//! Where answers go: each kind of question has its slot, and whoever asked takes the answer there.

use super::comparison::{all_list, ids, merged};
use super::difference::{difference, second_round};
use super::{Asked, Purpose, Reply, Waiting};
use crate::protocol::{Answer, Question, RequestId};
use crate::state::{Effect, State};

impl State {
    /// The slot of something that can be asked.
    pub(in crate::state) fn slot(&mut self, purpose: &Purpose) -> &mut dyn Waiting {
        match purpose {
            Purpose::Question(question) => match question {
                Question::Patterns { .. } => &mut self.patterns,
                Question::Thumbnails { .. } => &mut self.scales.thumbnails.asked,
                Question::Quantity { .. } => &mut self.quantities.layer,
                Question::QuantityCells { .. } => &mut self.quantities.cells_asked,
                Question::Neurons { .. } => &mut self.scales.neurons.head,
                Question::Scores { .. } => &mut self.scores.table,
                Question::ScoresOver { .. } => &mut self.scores.seeds,
                Question::HeadWeights { .. } => &mut self.scores.link,
                Question::Lens { .. } => &mut self.stream.lens,
                Question::Stream => &mut self.stream.numbers,
                Question::Written { .. } => &mut self.stream.written,
                Question::Linked { .. } => &mut self.stream.linked,
                Question::MlpNeuron { .. } => &mut self.stream.neuron,
                Question::Head { .. } => &mut self.stream.head,
                Question::Path { .. } => &mut self.stream.path,
                Question::Direction { .. } => &mut self.stream.direction,
                Question::Direct { .. } => &mut self.stream.direct,
                Question::Losses => &mut self.readings.losses,
                Question::Predictions { .. } => &mut self.readings.top,
                Question::Labels => &mut self.readings.labels,
                Question::Similarity { .. } => &mut self.readings.similarity,
                Question::Estimate(_) => &mut self.matters.estimate,
                Question::Saliency(_) => &mut self.matters.saliency,
                Question::Kept(_) => &mut self.matters.kept,
                Question::Feeds(_) => &mut self.matters.feeds,
            },
            Purpose::Tokens(_) => &mut self.readings.typed,
            Purpose::Cut(_) => &mut self.editing.cut_asked,
            Purpose::Comparison { .. } => &mut self.editing.compared,
            Purpose::EachAlone(_) => &mut self.editing.alone_asked,
            Purpose::Trial => &mut self.matters.trying,
            Purpose::LoadSecond(_) | Purpose::RunSecond(_) => &mut self.editing.second_asked,
        }
    }

    /// A source replied. Nothing happens for a request that is not in the ledger.
    pub(in crate::state) fn replied(&mut self, request: RequestId, reply: Reply, effects: &mut Vec<Effect>) {
        let Some((asked, mut replies)) = self.requests.reply(request, reply) else { return };
        if let (Purpose::Question(question), [Reply::Answer(answer, buffers)]) = (&asked.purpose, &mut replies[..])
            && is_drawn(question)
        {
            let drawn = (question.clone(), answer.clone(), std::mem::take(buffers));
            return self.in_its_pane(asked.is_of_pane, |state| state.drawn_came(drawn, effects));
        }
        if let Some(later) = self.later() {
            (later.deliver)(self, request, asked, replies, effects);
        }
    }

    /// Takes what the first figures draw.
    fn drawn_came(
        &mut self,
        (question, answer, buffers): (Question, Answer, Vec<Vec<f32>>),
        effects: &mut Vec<Effect>,
    ) {
        let purpose = Purpose::Question(question.clone());
        let first = buffers.into_iter().next().unwrap_or_default();
        match (question, answer) {
            (Question::Patterns { layer, .. }, Answer::Patterns { layer: found, heads, n_query, n_key }) => {
                self.patterns.settle(&purpose);
                let shape = (found as usize, heads.len(), n_query as usize, n_key as usize);
                self.patterns_came(layer as usize, shape, first, effects);
            }
            (Question::Thumbnails { heads: indices, .. }, Answer::Thumbnails { layer, n_rows, n_columns, heads }) => {
                self.scales.thumbnails.take(purpose, (layer, indices), (n_rows, n_columns), heads, first);
            }
            _ => self.not_asked(&purpose),
        }
    }

    fn not_asked(&mut self, purpose: &Purpose) {
        self.slot(purpose).give_up(purpose, Some("The answer does not fit the question.".to_owned()));
    }

    /// Hands the replies to whoever asked.
    pub(in crate::state) fn deliver(
        &mut self,
        request: RequestId,
        asked: Asked,
        replies: Vec<Reply>,
        effects: &mut Vec<Effect>,
    ) {
        match asked.purpose {
            Purpose::Question(question) => {
                let is_of_pane = asked.is_of_pane;
                self.in_its_pane(is_of_pane, |state| state.question_answered(question, replies, effects));
            }
            Purpose::Tokens(_) => {
                if let [Reply::Tokens(typed)] = &replies[..] {
                    self.readings.typed.fill(asked.purpose, typed.clone());
                }
            }
            Purpose::Cut(text) => {
                if let [Reply::Tokens(typed)] = &replies[..] {
                    self.cut_came(text, &typed.tokens);
                }
            }
            Purpose::Comparison { also } => {
                let parts = replies.into_iter().filter_map(|reply| match reply {
                    Reply::Compared(part) => Some(part),
                    _ => None,
                });
                let parts: Vec<_> = parts.collect();
                let all = ids(&parts);
                if also.is_empty() && !all_list(&parts, &all) {
                    self.ask_to_compare(all, effects);
                } else if let Some(compared) = merged(parts) {
                    self.compared_came(Purpose::Comparison { also }, compared, effects);
                }
            }
            Purpose::EachAlone(_) => self.editing.alone_asked.settle(&asked.purpose),
            Purpose::Trial => self.matters.trying.settle(&asked.purpose),
            Purpose::LoadSecond(_) | Purpose::RunSecond(_) => {
                self.editing.second_asked.settle(&asked.purpose);
                match replies.into_iter().next() {
                    Some(Reply::Loaded(model)) => self.second_model_loaded(*model, effects),
                    Some(Reply::Ran(info)) => self.second_model_ran(request, *info, effects),
                    _ => {}
                }
            }
        }
    }

    fn question_answered(&mut self, question: Question, replies: Vec<Reply>, effects: &mut Vec<Effect>) {
        let mut answers = replies.into_iter().filter_map(|reply| match reply {
            Reply::Answer(answer, buffers) => Some((answer, buffers)),
            _ => None,
        });
        let (Some(first), second) = (answers.next(), answers.next()) else { return };
        let full = match second {
            None => first,
            Some(second) => {
                if let Some(again) = second_round(&question, &first.0, &second.0) {
                    return self.ask_again(Purpose::Question(again), effects);
                }
                difference(&question, first, second)
            }
        };
        self.take_answer(question, full.0, full.1, effects);
    }

    fn take_answer(&mut self, question: Question, answer: Answer, buffers: Vec<Vec<f32>>, effects: &mut Vec<Effect>) {
        let purpose = Purpose::Question(question.clone());
        let first = |buffers: Vec<Vec<f32>>| buffers.into_iter().next().unwrap_or_default();
        match (question, answer) {
            (question @ Question::Lens { .. }, answer @ Answer::Lens { .. })
            | (question @ Question::Stream, answer @ Answer::Stream { .. })
            | (question @ Question::Written { .. }, answer @ Answer::Written { .. })
            | (question @ Question::Linked { .. }, answer @ Answer::Written { .. })
            | (question @ Question::MlpNeuron { .. }, answer @ Answer::MlpNeuron { .. })
            | (question @ Question::Head { .. }, answer @ Answer::Head { .. })
            | (question @ Question::Path { .. }, answer @ Answer::Path)
            | (question @ Question::Direct { .. }, answer @ Answer::Direct { .. }) => {
                self.take_stream(question, answer, buffers);
            }
            (question @ Question::Quantity { .. }, answer @ Answer::Quantity { .. })
            | (question @ Question::QuantityCells { .. }, answer @ Answer::QuantityCells { .. }) => {
                self.take_quantity(&question, &answer, first(buffers));
            }
            (Question::Direction { .. }, Answer::Direction) => {
                self.direction_came(&purpose, first(buffers), effects);
            }
            (question, answer) if is_drawn(&question) => self.drawn_came((question, answer, buffers), effects),
            (Question::Neurons { .. }, Answer::Neurons(numbers)) => self.scales.neurons.take(purpose, numbers, buffers),
            (Question::Scores { .. }, Answer::Scores { .. }) => self.scores.table.fill(purpose, first(buffers).into()),
            (Question::ScoresOver { inputs }, Answer::ScoresOver { .. }) => {
                self.scores.take_seeds(purpose, &inputs, &buffers);
            }
            (Question::HeadWeights { queries, keys }, Answer::HeadWeights { .. }) => {
                self.scores.take_weights(purpose, (queries, keys), first(buffers));
            }
            (Question::Losses, Answer::Losses) => self.readings.losses.fill(purpose, first(buffers).into()),
            (Question::Predictions { .. }, Answer::Predictions { top, .. }) => self.readings.top.fill(purpose, top),
            (Question::Labels, Answer::Labels { n_rows, n_labels }) => {
                self.labels_came(purpose, (n_rows as usize, n_labels as usize), buffers);
            }
            (Question::Estimate(asked), Answer::Estimates(answer)) => self.estimates_came(asked, answer, buffers),
            (Question::Saliency(outcome), Answer::Saliency(answer)) => self.saliency_came(outcome, answer, buffers),
            (Question::Kept(asked), Answer::Kept) => self.kept_came(asked, &first(buffers)),
            (Question::Feeds(asked), Answer::Feeds) => self.feeds_came(asked, &buffers),
            (Question::Similarity { .. }, Answer::Similarity { cosine }) => {
                self.readings.similarity.fill(purpose, cosine);
            }
            _ => self.not_asked(&purpose),
        }
    }
}

/// Whether the first figures draw the answer.
fn is_drawn(question: &Question) -> bool {
    matches!(question, Question::Patterns { .. } | Question::Thumbnails { .. })
}
