/// Finds the streams of a range, in SQL.
public enum StreamWalk {
  /// The beginning of a statement, with a common table `names` that has one column, `stream`: the
  /// names of an app's streams in their order, and a null at the end. It steps from one name to the
  /// next by the index, over all events between.
  ///
  /// - Parameters:
  ///   - first: The parameter that holds where the range begins, such as `$2`; the app is `$1`.
  ///   - end: That of what comes behind it.
  public static func names(from first: String, before end: String) -> String {
    """
    with recursive names as (
      (select e.stream from pushledger.events e
      where e.app = $1 and e.stream >= \(first) and e.stream < \(end)
      order by e.app, e.stream, e.position limit 1)
      union all
      select (
        select e.stream from pushledger.events e
        where e.app = $1 and e.stream > n.stream and e.stream < \(end)
        order by e.app, e.stream, e.position limit 1)
      from names n where n.stream is not null)
    """
  }
}
