//! Links between tokens as a graph over tokens and layers: which of them lead to an outcome, from the outcome down (docs/methods.md,
//! "Few links").

/// A link: its layer, head, query and key.
pub type Link = [u32; 4];

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
/// stream. So the first n links are the graph at some threshold, for every n.
pub fn from_outcome(links: &[(Link, f32)], reads: &[usize]) -> Vec<GraphLink> {
    let n_pos = links.iter().flat_map(|([.., query, key], _)| [*query, *key]).max().map_or(0, |last| last as usize + 1);
    // By position, the weakest link on the strongest way from the stream there up to the outcome.
    let mut ways: Vec<f32> = (0..n_pos).map(|at| if reads.contains(&at) { f32::INFINITY } else { 0.0 }).collect();
    let mut downwards: Vec<usize> = (0..links.len()).collect();
    downwards.sort_by_key(|index| std::cmp::Reverse(links[*index].0[0]));
    let mut graph = Vec::new();
    for layer in downwards.chunk_by(|a, b| links[*a].0[0] == links[*b].0[0]) {
        let above = ways.clone();
        for &index in layer {
            let ([.., query, key], estimate) = links[index];
            let enters_at = estimate.abs().min(above[query as usize]);
            if enters_at > 0.0 && estimate.is_finite() {
                graph.push(GraphLink { index, enters_at });
                let way = &mut ways[key as usize];
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
            from_outcome(&links, &[3]).iter().map(|link| (link.index, link.enters_at)).collect();
        assert_eq!(found, [(3, 4.0), (4, 3.0), (2, 2.0), (0, 2.0)]);
        assert_eq!(from_outcome(&links[..2], &[3]), [], "no way leads from these up to the outcome");
        assert_eq!(from_outcome(&[], &[3]), []);
        assert_eq!(from_outcome(&links, &[2, 3]).len(), 5);
        assert_eq!(from_outcome(&[([0, 0, 1, 0], f32::NAN)], &[1]), [], "a row's only key has no estimate");
    }
}
