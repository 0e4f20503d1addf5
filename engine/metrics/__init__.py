"""Figures of detectors over data sets: ranking walk, AP, errors, calibration, segmentation."""
