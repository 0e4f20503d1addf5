"""The features view: channels of any layer as a grid."""
