"""The brushes of the renderer: each file paints one kind of thing onto the canvas."""
