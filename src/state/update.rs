//! The reducer: what each event does. Replies of the worker are in `replies`, its life and requests in `lifecycle`.

use super::*;

impl State {
    /// Changes the state; returns what to do in the browser, in order.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        let (view, is_passing) = (self.selection.view, event.is_passing());
        let mut effects = self.handle(event);
        self.follow_scales(&mut effects);
        self.follow_scores(&mut effects);
        self.follow_readings(&mut effects);
        if !is_passing {
            self.write_link(self.selection.view != view, &mut effects);
        }
        effects
    }

    fn handle(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        if !RUNS_MODELS && event.is_about_models() {
            return effects;
        }
        match event {
            Event::Opened => self.opened(&mut effects),
            Event::FirstCame(opened) => self.first_came(opened, &mut effects),
            Event::CatalogueCame(json) => self.catalogue_came(json, &mut effects),
            Event::WorkerSaid(reply, buffers) => self.worker_said(reply, buffers, &mut effects),
            Event::WorkerUnreadable(_) => self.wrong_version(&mut effects),
            Event::WorkerBroke(message) => self.worker_broke(message, &mut effects),
            Event::SecondWorkerSaid(reply, buffers) => self.second_worker_said(reply, buffers, &mut effects),
            Event::SecondWorkerBroke(message) => {
                let problem = format!("The other model stopped ({message}).");
                self.second_worker_failed(problem, &mut effects);
            }
            Event::CancelTimedOut(request) => self.cancel_timed_out(request, &mut effects),

            Event::ModelPicked(model) => self.model_picked(model, &mut effects),
            Event::More(event) => self.more_event(event, &mut effects),
            Event::TextEdited(text) => {
                self.text = text;
                self.leave_example();
                self.typed(&mut effects);
            }
            Event::PairEdited(pair) => {
                self.pair = pair;
                self.leave_example();
                self.typed(&mut effects);
            }
            Event::EntryChanged(change) => {
                self.entry.apply(change);
                self.leave_example();
                self.typed(&mut effects);
            }
            Event::TypingRested(n_edits) => self.typing_rested(n_edits, &mut effects),
            Event::PositionPicked(position) => self.position_picked(position, &mut effects),
            Event::ExamplePicked(index) => self.example_picked(index, &mut effects),
            Event::RunAsked => self.run_asked(&mut effects),
            Event::CutAsked => self.run(true, &mut effects),
            Event::CancelAsked => self.cancel(&mut effects),
            Event::RetryAsked => self.retry(&mut effects),
            Event::NoticeDismissed => {
                self.notices.status = None;
                self.notices.stopped = self.notices.stopped.take().filter(|it| it.recovery == Recovery::Restarting);
            }

            Event::Editing(event) => self.edited(event, &mut effects),
            Event::ThemePicked(theme) => {
                self.options.theme = theme;
                effects.push(Effect::KeepTheme(theme));
            }
            Event::ThreadsPicked(wanted) => self.threads_picked(wanted, &mut effects),
            Event::SegmentPicked(segment) => self.options.segment = segment,
            Event::Scale(event) => self.scale_event(event, &mut effects),
            Event::Trace(event) => self.trace_event(event, &mut effects),
            Event::ScoresAsked => self.ask_for_scores(&mut effects),
            Event::SeedsAsked => self.ask_for_seeds(&mut effects),
            Event::SeedsLeft => self.scores.shows_seeds = false,
            Event::DisplayChanged(change) => self.options.display.apply(change),
            Event::LayerPicked(_)
            | Event::LayerStepped(_)
            | Event::HeadToggled(_)
            | Event::HeadSoloed(_)
            | Event::AllHeads
            | Event::HeadStepped(_)
            | Event::Hovered(_)
            | Event::PinToggled(_)
            | Event::TokensCleared => self.select(event, &mut effects),
        }
        effects
    }

    /// Every change of the selection ends here, so that it always fits.
    fn select(&mut self, event: Event, effects: &mut Vec<Effect>) {
        let Some(shape) = self.shown.as_ref().map(Shown::shape) else { return };
        let is_about_layer = matches!(event, Event::LayerPicked(_) | Event::LayerStepped(_));
        let selection = &mut self.selection;
        match event {
            Event::LayerPicked(layer) => selection.layer = layer,
            Event::LayerStepped(step) => selection.layer = selection.layer.saturating_add_signed(step),
            // The neuron view looks into one head.
            Event::HeadToggled(head) if head < shape.n_heads && selection.view == View::Neuron => {
                selection.heads = [head].into();
            }
            Event::HeadToggled(head) if head < shape.n_heads => selection.toggle_head(head),
            Event::HeadSoloed(head) if head < shape.n_heads => selection.solo_head(head, shape.n_heads),
            Event::AllHeads => selection.heads = (0..shape.n_heads).collect(),
            Event::HeadStepped(step) => selection.step_head(step, shape.n_heads),
            Event::Hovered(token) => (selection.hover, selection.hover_other) = (token, None),
            Event::PinToggled(token) => selection.toggle_pin(token),
            Event::TokensCleared => selection.clear_tokens(),
            _ => {}
        }
        selection.clamp(&shape);
        // Not with every event: a layer that failed would be asked for with every move of the pointer.
        if is_about_layer {
            self.follow_layer(effects);
        }
    }

    fn opened(&mut self, effects: &mut Vec<Effect>) {
        if self.home == Home::Embed {
            // It shows what its link names, and nothing of ours.
            self.first = FirstScreen::Done;
        } else {
            effects.push(Effect::FetchFirst);
        }
        if self.home.has_models() {
            effects.push(Effect::FetchCatalogue);
        }
    }

    fn catalogue_came(&mut self, json: Result<String, String>, effects: &mut Vec<Effect>) {
        match json.and_then(|json| catalogue::parse(&json)) {
            Ok(models) => {
                self.models = models;
                self.notices.model = None;
                if self.first != FirstScreen::Coming {
                    self.begin(effects);
                }
            }
            Err(message) => self.notices.model = Some(message),
        }
    }

    fn model_picked(&mut self, model: usize, effects: &mut Vec<Effect>) {
        if model >= self.models.len() || model == self.picked_model && self.model.is_some() {
            return;
        }
        self.pick_anew(model, effects);
    }

    /// Picks a model whatever is loaded.
    pub(super) fn pick_anew(&mut self, model: usize, effects: &mut Vec<Effect>) {
        self.picked_model = model;
        self.n_stops = 0;
        self.leave_example();
        self.end_worker(effects);
        self.run(false, effects);
    }

    pub(super) fn run(&mut self, cut: bool, effects: &mut Vec<Effect>) {
        self.notices = Notices { model: self.notices.model.take(), ..Notices::default() };
        match self.input(cut) {
            Ok(input) => self.carry_out(Plan { input, purpose: Purpose::Fresh }, effects),
            Err(message) => self.notices.input = Some(InputNotice { message, cut_to: None }),
        }
    }

    fn retry(&mut self, effects: &mut Vec<Effect>) {
        self.n_stops = 0;
        self.notices = Notices::default();
        if self.models.is_empty() {
            effects.push(Effect::FetchCatalogue);
        } else {
            self.run(false, effects);
        }
    }
}
