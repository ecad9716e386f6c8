//! Links between tokens as a graph over tokens and layers: which of them lead to an outcome, from the outcome down (docs/methods.md,
//! "Few links").

use crate::trace::{Attn, AttnKind, Side, Stack};

/// A link: the place of its attention (see [`attention_at`]), head, query and key.
pub type Link = [u32; 4];

/// The attention and the layer at a place in the order in which a run passes them: the layers of the only stack; or those of an encoder
/// of `n_encoder` layers, and then of each decoder layer its own attention and that over the encoder.
pub fn attention_at(place: u32, n_encoder: Option<usize>) -> (AttnKind, usize) {
    let place = place as usize;
    match n_encoder {
        None => (AttnKind::ONLY, place),
        Some(n) if place < n => (AttnKind::ENCODER, place),
        Some(n) if (place - n).is_multiple_of(2) => (AttnKind::DECODER, (place - n) / 2),
        Some(n) => (AttnKind::CROSS, (place - n) / 2),
    }
}

/// The place of an attention's layer.
pub fn place_of(kind: AttnKind, layer: usize, n_encoder: Option<usize>) -> u32 {
    let place = match (n_encoder, kind.stack) {
        (Some(n), Some(Stack::Decoder)) => n + 2 * layer + usize::from(kind.attn == Attn::Cross),
        _ => layer,
    };
    place as u32
}

/// A link of the graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GraphLink {
    /// Its place among the links that were given.
    pub index: usize,
    /// The threshold from which on it belongs to the graph: its own size, or that of the weakest link on the strongest way from it to
    /// the outcome, whichever is less.
    pub enters_at: f32,
}

/// Puts links with their estimates in the order in which a falling threshold takes them into the graph. A link belongs to it if it is
/// large enough and a way of such links leads from its query up to one of the positions in `reads`, where the outcome reads the last
/// stream. So the first n links are the graph at some threshold, for every n. A way through cross-attention goes on from the end of the
/// encoder, of `n_encoder` layers.
pub fn from_outcome(links: &[(Link, f32)], reads: &[usize], n_encoder: Option<usize>) -> Vec<GraphLink> {
    let n_pos = links.iter().flat_map(|([.., query, key], _)| [*query, *key]).max().map_or(0, |last| last as usize + 1);
    // By position, the weakest link on the strongest way from the stream there up to the outcome; of an encoder's stream, then of the
    // other.
    let of_outcome = (0..n_pos).map(|at| if reads.contains(&at) { f32::INFINITY } else { 0.0 });
    let mut ways = [vec![0.0f32; n_pos], of_outcome.collect()];
    let mut downwards: Vec<usize> = (0..links.len()).collect();
    downwards.sort_by_key(|index| std::cmp::Reverse(links[*index].0[0]));
    let mut graph = Vec::new();
    for layer in downwards.chunk_by(|a, b| links[*a].0[0] == links[*b].0[0]) {
        let above = ways.clone();
        for &index in layer {
            let ([place, _, query, key], estimate) = links[index];
            let (kind, _) = attention_at(place, n_encoder);
            let [to, from] =
                [kind.stack, kind.reads(Side::Key)].map(|stack| usize::from(stack != Some(Stack::Encoder)));
            let enters_at = estimate.abs().min(above[to][query as usize]);
            if enters_at > 0.0 && estimate.is_finite() {
                graph.push(GraphLink { index, enters_at });
                let way = &mut ways[from][key as usize];
                *way = way.max(enters_at);
            }
        }
    }
    // A way's upper links come first where several enter at once.
    graph.sort_by(|a, b| b.enters_at.total_cmp(&a.enters_at));
    graph
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_enters_once_a_way_leads_from_it_to_the_outcome() {
        let links = [
            ([0, 0, 2, 0], 9.0),  // Read by the next but one alone.
            ([0, 1, 1, 0], -5.0), // Nothing reads position 1 above.
            ([1, 0, 3, 2], 2.0),
            ([1, 1, 3, 3], -4.0),
            ([0, 0, 3, 1], 3.0), // The stream of position 3 leads to the outcome.
            ([1, 0, 2, 2], 8.0), // The outcome is not read there.
        ];
        let found: Vec<(usize, f32)> =
            from_outcome(&links, &[3], None).iter().map(|link| (link.index, link.enters_at)).collect();
        assert_eq!(found, [(3, 4.0), (4, 3.0), (2, 2.0), (0, 2.0)]);
        assert_eq!(from_outcome(&links[..2], &[3], None), [], "no way leads from these up to the outcome");
        assert_eq!(from_outcome(&[], &[3], None), []);
        assert_eq!(from_outcome(&links, &[2, 3], None).len(), 5);
        assert_eq!(from_outcome(&[([0, 0, 1, 0], f32::NAN)], &[1], None), [], "a row's only key has no estimate");
    }
    /// Two layers in the encoder, one in the decoder: its own attention is at place 2, that over the encoder at place 3.
    #[test]
    fn ways_go_through_cross_attention_to_the_encoder() {
        for place in 0..4 {
            let (kind, layer) = attention_at(place, Some(2));
            assert_eq!(place_of(kind, layer, Some(2)), place);
        }
        let links = [
            ([3, 0, 1, 4], 5.0),  // The outcome's position reads the encoder's position 4.
            ([1, 0, 4, 0], -3.0), // Position 4 of the encoder reads its position 0.
            ([1, 0, 1, 0], 9.0),  // Nothing reads the encoder's position 1.
            ([0, 1, 0, 2], 4.0),
            ([2, 0, 1, 0], 2.0), // The decoder's own.
            ([0, 0, 3, 3], 1.0), // Nothing reads this position.
        ];
        let found: Vec<(usize, f32)> =
            from_outcome(&links, &[1], Some(2)).iter().map(|link| (link.index, link.enters_at)).collect();
        assert_eq!(found, [(0, 5.0), (1, 3.0), (3, 3.0), (4, 2.0)]);
    }
}
