frame_test_LIBS := frame
