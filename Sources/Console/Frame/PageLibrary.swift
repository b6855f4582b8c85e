import Mustache

/// The templates that the executable carries, read once.
struct PageLibrary: Sendable {
  private let library: MustacheLibrary

  /// - Throws: What Mustache says of a template that cannot be read: a fault of the program.
  init() throws {
    MustacheContentTypes.register(SafeHTML(), named: SafeHTML.name)
    var library = MustacheLibrary()
    for template in Templates.all {
      // Each template is rendered by its own rules, so each has to name them.
      try library.register(SafeHTML.pragma + template.text, named: template.name)
    }
    self.library = library
  }

  func render(_ sheet: some Any, _ template: String) -> String {
    library.render(sheet, withTemplate: template) ?? ""
  }
}
